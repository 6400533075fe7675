/* Turns at the interpreter's lock for threads beside a loop that lets go of it often, but never for long

   A thread that wants the lock has it handed over only when nobody let go of it for five milliseconds. A loop lets go of
   it each time it looks for input, and while there are steps to run it has it back before a thread that waited has woken
   up: that thread waits on, for a second and more. So it asks by a pending call, in which the main thread lets the lock
   go until it has had its turn. A turn lasts until the thread rests or writes again. */

static PyThread_type_lock counting, turn_over;
static int waiting, asked; /* under `counting`: how many want a turn, and whether the main thread has been told */
static int yielding;       /* under the interpreter's lock: whether the main thread waits for the end of a turn */

/* The longest that the main thread waits for that end: a thread may do what lets go of the lock by itself. */
enum { LONGEST_TURN_US = 10000 };

static int let_have_turn(void *Py_UNUSED(nothing))
{
    PyThread_acquire_lock(counting, WAIT_LOCK);
    int wanted = waiting;
    asked = 0;
    PyThread_release_lock(counting);
    if (!wanted || yielding)
        return 0;
    int over;
    yielding = 1;
    Py_BEGIN_ALLOW_THREADS
    over = PyThread_acquire_lock_timed(turn_over, LONGEST_TURN_US, 0) == PY_LOCK_ACQUIRED;
    Py_END_ALLOW_THREADS
    if (!over && !yielding) /* the turn ended after the longest time, and before the lock was had back */
        PyThread_acquire_lock(turn_over, WAIT_LOCK);
    yielding = 0;
    return 0;
}

/* Called with the interpreter's lock, before it is let go of. */
static void end_turn(void)
{
    if (yielding) {
        yielding = 0;
        PyThread_release_lock(turn_over);
    }
}

/* Called without the interpreter's lock, before it is waited for. */
static void ask_for_turn(void)
{
    PyThread_acquire_lock(counting, WAIT_LOCK);
    int tell = !asked;
    asked = 1;
    waiting++;
    PyThread_release_lock(counting);
    if (tell && Py_AddPendingCall(let_have_turn, NULL) < 0) { /* there are too many; the next who asks tells it */
        PyThread_acquire_lock(counting, WAIT_LOCK);
        asked = 0;
        PyThread_release_lock(counting);
    }
}

/* Called with the interpreter's lock, once it is had. */
static void begin_turn(void)
{
    PyThread_acquire_lock(counting, WAIT_LOCK);
    waiting--;
    PyThread_release_lock(counting);
}

static int learn_turns(void)
{
    counting = PyThread_allocate_lock();
    turn_over = PyThread_allocate_lock();
    if (counting == NULL || turn_over == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    PyThread_acquire_lock(turn_over, WAIT_LOCK);
    return 0;
}

/* A lock that can be waited for without the interpreter's. */
typedef struct { PyObject_HEAD PyThread_type_lock lock; } Bell;

static PyObject *bell_new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(named))
{
    Bell *bell = (Bell *)type->tp_alloc(type, 0);
    if (bell != NULL && (bell->lock = PyThread_allocate_lock()) == NULL) {
        Py_DECREF(bell);
        return PyErr_NoMemory();
    }
    return (PyObject *)bell;
}

static void bell_gone(PyObject *self)
{
    if (((Bell *)self)->lock != NULL)
        PyThread_free_lock(((Bell *)self)->lock);
    Py_TYPE(self)->tp_free(self);
}

static int rung_within(PyThread_type_lock lock, double seconds)
{
    return PyThread_acquire_lock_timed(lock, (PY_TIMEOUT_T)(seconds * 1e6), 0) == PY_LOCK_ACQUIRED;
}

/* acquire(timeout=for ever), like that of a lock. */
static PyObject *bell_acquire(PyObject *self, PyObject *args, PyObject *named)
{
    static char *names[] = {"timeout", NULL};
    double seconds = -1e-6;
    int rung;
    if (!PyArg_ParseTupleAndKeywords(args, named, "|d", names, &seconds))
        return NULL;
    end_turn();
    Py_BEGIN_ALLOW_THREADS
    rung = rung_within(((Bell *)self)->lock, seconds);
    ask_for_turn();
    Py_END_ALLOW_THREADS
    begin_turn();
    return PyBool_FromLong(rung);
}

static PyObject *bell_release(PyObject *self, PyObject *Py_UNUSED(nothing))
{
    PyThread_type_lock lock = ((Bell *)self)->lock;
    if (PyThread_acquire_lock(lock, NOWAIT_LOCK)) {
        PyThread_release_lock(lock);
        PyErr_SetString(PyExc_RuntimeError, "the bell has been rung");
        return NULL;
    }
    PyThread_release_lock(lock);
    Py_RETURN_NONE;
}

static PyMethodDef bell_methods[] = {
    {"acquire", (PyCFunction)(void (*)(void))bell_acquire, METH_VARARGS | METH_KEYWORDS, "Wait for it."},
    {"release", bell_release, METH_NOARGS, "Ring it."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject bell_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "asyncdemo.compiled._hot.Bell",
    .tp_basicsize = sizeof(Bell),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = bell_new,
    .tp_dealloc = bell_gone,
    .tp_methods = bell_methods,
};

#ifndef _WIN32
static int write_all(int file, const char *text, Py_ssize_t length)
{
    while (length > 0) {
        ssize_t written = write(file, text, length);
        if (written >= 0) {
            text += written;
            length -= written;
        } else if (errno == EAGAIN) {
            struct pollfd full = {file, POLLOUT, 0};
            poll(&full, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* write(file, data): writes all of it to a descriptor, and has its turn then. */
static PyObject *write_out(PyObject *Py_UNUSED(module), PyObject *given)
{
    int file, fault;
    Py_buffer data;
    if (!PyArg_ParseTuple(given, "iy*", &file, &data))
        return NULL;
    end_turn();
    Py_BEGIN_ALLOW_THREADS
    fault = write_all(file, data.buf, data.len);
    ask_for_turn();
    Py_END_ALLOW_THREADS
    begin_turn();
    PyBuffer_Release(&data);
    if (fault) {
        errno = fault;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_RETURN_NONE;
}
#endif
