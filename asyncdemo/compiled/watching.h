/* Watching loops from a thread that does without the interpreter's lock */

/* The twin of `ThreadTime.meet`; only Linux tells. */
static void meet(PyObject *thread, double time, double since)
{
#ifdef __linux__
    int number = NUMBER(thread, in_thread.thread);
    struct timespec told;
    if (clock_gettime((~(clockid_t)number << 3) | 6, &told) < 0)
        return;
    double computed = told.tv_sec + told.tv_nsec / 1e9;
    if (time - REAL(thread, in_thread.read_at) - (computed - REAL(thread, in_thread.computed_then)) > untold) {
        char path[64], text[128];
        unsigned long long queued = 0;
        snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", number);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
        if (file >= 0)
            close(file);
        text[length < 0 ? 0 : length] = 0;
        sscanf(text, "%*u %llu", &queued);
        REAL(thread, in_thread.queued) = queued / 1e9;
        REAL(thread, in_thread.computed_then) = computed;
        REAL(thread, in_thread.read_at) = time;
    }
    if (REAL(thread, in_thread.at) <= since) {
        REAL(thread, in_thread.earlier_ran) = REAL(thread, in_thread.ran);
        REAL(thread, in_thread.earlier_computed) = REAL(thread, in_thread.computed);
        REAL(thread, in_thread.earlier_at) = REAL(thread, in_thread.at);
    }
    REAL(thread, in_thread.ran) = time - REAL(thread, in_thread.queued);
    REAL(thread, in_thread.computed) = computed;
    REAL(thread, in_thread.at) = time;
#else
    (void)thread;
    (void)time;
    (void)since;
#endif
}

/* Whether Python is to look at a loop, for it has run for longer than this or is not seen whole yet. */
static int runs_long(PyObject *loop, double longest)
{
    double since = REAL(loop, in_loop.busy_since), time = seconds();
    if (OF(loop, in_loop.first_turn) != Py_None)
        return 1;
    if (OF(loop, in_loop.running) != OF(loop, in_loop.idle) && time - since > longest)
        return 1;
    meet(OF(loop, in_loop.thread_time), time, since);
    return 0;
}

/* watch(bell, seconds, loops): rests until one of the loops has run for longer than `seconds`, looking as often without
   the interpreter's lock, or until there are more loops; true when the bell was rung meanwhile. */
static PyObject *watch(PyObject *Py_UNUSED(module), PyObject *given)
{
    PyObject *bell, *loops;
    double rest;
    int rung, look = 0;
    if (!PyArg_ParseTuple(given, "O!dO!", &bell_type, &bell, &rest, &PyList_Type, &loops))
        return NULL;
    PyObject *watched = PyList_AsTuple(loops);
    if (watched == NULL)
        return NULL;
    Py_ssize_t number = PyTuple_GET_SIZE(watched);
    for (Py_ssize_t each = 0; each < number; each++)
        if (!PyObject_TypeCheck(PyTuple_GET_ITEM(watched, each), in_loop.type)) {
            Py_DECREF(watched);
            PyErr_SetString(PyExc_TypeError, "only the recorders of loops can be watched");
            return NULL;
        }
    end_turn();
    Py_BEGIN_ALLOW_THREADS
    do {
        rung = rung_within(((Bell *)bell)->lock, rest);
        for (Py_ssize_t each = 0; !rung && each < number; each++)
            look |= runs_long(PyTuple_GET_ITEM(watched, each), rest);
    } while (!rung && !look && PyList_GET_SIZE(loops) == number);
    ask_for_turn();
    Py_END_ALLOW_THREADS
    begin_turn();
    Py_DECREF(watched);
    return PyBool_FromLong(rung);
}
