/* Methods of loops: the twins of both loops' `call_soon` and of uvloop's `call_later` */

/* Stands before a method in Python, of which it does what is done most: it shows itself as that, and calls it wherever
   anything is unusual. */
typedef struct Front Front;

/* 1 when `result` is what the program gets, be it an error; 0 when Python is to see to it; -1 for a fault. */
typedef int (*Usual)(Front *front, PyObject *loop, PyObject *const *given, Py_ssize_t number, PyObject *context,
                     PyObject **result);

struct Front {
    PyObject_HEAD
    Usual usual;
    PyObject *method, *original;
    vectorcallfunc call;
};

enum { MOST_GIVEN = 6 };

/* Calls the loop's own method with these arguments and a context. */
static PyObject *call_original(Front *front, PyObject *const *given, Py_ssize_t number, PyObject *context)
{
    static PyObject *with_context;
    PyObject *passed[MOST_GIVEN + 1];
    if (with_context == NULL && (with_context = PyTuple_Pack(1, str_context)) == NULL)
        return NULL;
    memcpy(passed, given, number * sizeof *passed);
    passed[number] = context;
    return PyObject_Vectorcall(front->original, passed, number, with_context);
}

static PyObject *tuple_of(PyObject *const *given, Py_ssize_t number)
{
    PyObject *tuple = PyTuple_New(number);
    for (Py_ssize_t place = 0; tuple != NULL && place < number; place++)
        PyTuple_SET_ITEM(tuple, place, Py_NewRef(given[place]));
    return tuple;
}

static int is_false(PyObject *object, PyObject *name)
{
    PyObject *value = PyObject_GetAttr(object, name);
    Py_XDECREF(value);
    PyErr_Clear();
    return value == Py_False;
}

static int put_in_ready(PyObject *own_loop, PyObject *handle)
{
    PyObject *ready = PyObject_GetAttr(own_loop, str__ready);
    if (ready == NULL)
        return -1;
    int known = Py_TYPE(ready) == deque && deque_append != NULL;
    PyObject *put = known ? deque_append(ready, handle) : PyObject_CallMethodOneArg(ready, str_append, handle);
    Py_DECREF(ready);
    return over(put);
}

/* `BaseEventLoop.call_soon` */
static int handle_soon(Front *Py_UNUSED(front), PyObject *loop, PyObject *const *given, Py_ssize_t number,
                       PyObject *context, PyObject **result)
{
    PyObject *own_loop = given[0], *callback = given[1], *made = NULL;
    int row, runs_step = is_task(callback);
    if ((!runs_step && Py_TYPE(callback) != &PyFunction_Type) || FLAG(loop, in_loop.overridden) ||
        !is_false(own_loop, str__debug) || !is_false(own_loop, str__closed))
        return 0;
    PyObject *args = tuple_of(given + 2, number - 2);
    if (args == NULL)
        return -1;
    if (runs_step) {
        made = step_for(loop, own_loop, &in_handle, callback, args, context);
    } else if (cause_of(loop, own_loop, &row) == 0) {
        made = new_handle(in_callback_handle.type, own_loop, callback, args, context);
        if (made != NULL) {
            put(made, in_callback_handle.loop, loop);
            NUMBER(made, in_callback_handle.row) = row;
        }
    }
    Py_DECREF(args);
    if (made == NULL || made == Py_None || put_in_ready(own_loop, made) < 0) {
        Py_XDECREF(made);
        return made == Py_None ? 0 : -1;
    }
    *result = made;
    return 1;
}

/* `uvloop.Loop.call_soon` */
static int call_soon(Front *front, PyObject *loop, PyObject *const *given, Py_ssize_t number, PyObject *context,
                     PyObject **result)
{
    PyObject *own_loop = given[0], *callback = given[1], *passed[MOST_GIVEN], *served = NULL;
    int row, runs_step = is_task(callback);
    if ((!runs_step && Py_TYPE(callback) != &PyFunction_Type) || FLAG(loop, in_loop.debug))
        return 0;
    if (runs_step) {
        PyObject *args = tuple_of(given + 2, number - 2);
        served = args == NULL ? NULL : step_for(loop, own_loop, &in_call, callback, args, context);
        Py_XDECREF(args);
        number = 2;
    } else if (cause_of(loop, own_loop, &row) == 0) {
        served = in_callback.type->tp_alloc(in_callback.type, 0);
        if (served != NULL) {
            put(served, in_callback._callback, callback);
            put(served, in_callback.loop, loop);
            NUMBER(served, in_callback.row) = row;
        }
    }
    if (served == NULL || served == Py_None) {
        Py_XDECREF(served);
        return served == NULL ? -1 : 0;
    }
    memcpy(passed, given, number * sizeof *passed);
    passed[1] = served;
    *result = call_original(front, passed, number, context);
    Py_DECREF(served);
    return 1;
}

/* `uvloop.Loop.call_later`, which `call_at` calls */
static int call_later(Front *front, PyObject *loop, PyObject *const *given, Py_ssize_t number, PyObject *context,
                      PyObject **result)
{
    PyObject *passed[MOST_GIVEN];
    if (number < 3 || !PyCallable_Check(given[2]) || !PyFloat_CheckExact(given[1]))
        return 0;
    double start = now(loop);
    PyObject *made = failed(start) ? NULL : in_timer.type->tp_alloc(in_timer.type, 0);
    if (made == NULL)
        return -1;
    put(made, in_timer._callback, given[2]);
    put(made, in_timer.loop, loop);
    NUMBER(made, in_timer.row) = timer;
    REAL(made, in_timer.due) = start + PyFloat_AS_DOUBLE(given[1]);
    memcpy(passed, given, number * sizeof *passed);
    passed[2] = made;
    *result = call_original(front, passed, number, context);
    Py_DECREF(made);
    return 1;
}

/* Whether these names are the one of the context. asyncio's own tasks always pass the same tuple, with a string of
   theirs, which is remembered; a program in Python passes one that is interned. */
static inline int is_context(PyObject *names)
{
    static PyObject *theirs;
    PyObject *name = PyTuple_GET_SIZE(names) == 1 ? PyTuple_GET_ITEM(names, 0) : NULL;
    if (name == NULL || name == str_context || name == theirs)
        return name != NULL;
    if (PyUnicode_Compare(name, str_context) != 0)
        return 0;
    Py_XSETREF(theirs, Py_NewRef(name));
    return 1;
}

/* The recorder of the loop that was asked last. It lives as long as the loop has its mark, and a weak reference tells
   the loop from another one in its place. */
static PyObject *last_loop, *last_recorder;

/* The recorder of a loop, as a reference of the caller's own; NULL without an error when there is none. */
static PyObject *recorder_of(PyObject *own_loop)
{
    if (last_loop != NULL && ((PyWeakReference *)last_loop)->wr_object == own_loop)
        return Py_NewRef(last_recorder);
    PyObject *recorder = PyObject_GetAttr(own_loop, str__asyncdemo);
    if (recorder != NULL && Py_TYPE(recorder) == in_loop.type) {
        Py_XSETREF(last_loop, PyWeakref_NewRef(own_loop, NULL));
        last_recorder = recorder;
    } else {
        Py_CLEAR(recorder);
    }
    PyErr_Clear();
    return recorder;
}

/* forget(): a loop has another mark, or none any more. */
static PyObject *forget(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(nothing))
{
    Py_CLEAR(last_loop);
    Py_RETURN_NONE;
}

static PyObject *front_call(PyObject *self, PyObject *const *given, size_t numbers, PyObject *names)
{
    Front *front = (Front *)self;
    Py_ssize_t number = PyVectorcall_NARGS(numbers), named = names == NULL ? 0 : PyTuple_GET_SIZE(names);
    PyObject *context = Py_None, *result = NULL;
    if (number < 2 || number > MOST_GIVEN || (named && !is_context(names)))
        return PyObject_Vectorcall(front->method, given, numbers, names);
    if (named)
        context = given[number];
    PyObject *loop = recorder_of(given[0]);
    int usual = loop == NULL ? 0 : front->usual(front, loop, given, number, context, &result);
    if (usual == 0)
        result = PyObject_Vectorcall(front->method, given, numbers, names);
    else if (usual < 0 && fail(loop) == 0)
        result = PyObject_Vectorcall(front->original, given, numbers, names);
    Py_XDECREF(loop);
    return result;
}

static PyObject *front_bound(PyObject *self, PyObject *instance, PyObject *Py_UNUSED(owner))
{
    return instance == NULL || instance == Py_None ? Py_NewRef(self) : PyMethod_New(self, instance);
}

static PyObject *front_look(PyObject *self, PyObject *name) { return PyObject_GetAttr(((Front *)self)->method, name); }

static int front_put(PyObject *self, PyObject *name, PyObject *value)
{
    return PyObject_SetAttr(((Front *)self)->method, name, value);
}

static PyObject *front_shown(PyObject *self) { return PyObject_Repr(((Front *)self)->method); }

static int front_visit(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((Front *)self)->method);
    Py_VISIT(((Front *)self)->original);
    return 0;
}

static int front_clear(PyObject *self)
{
    Py_CLEAR(((Front *)self)->method);
    Py_CLEAR(((Front *)self)->original);
    return 0;
}

static void front_gone(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    front_clear(self);
    PyObject_GC_Del(self);
}

static PyTypeObject front_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "function",
    .tp_basicsize = sizeof(Front),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_vectorcall_offset = offsetof(Front, call),
    .tp_call = PyVectorcall_Call,
    .tp_descr_get = front_bound,
    .tp_getattro = front_look,
    .tp_setattro = front_put,
    .tp_repr = front_shown,
    .tp_traverse = front_visit,
    .tp_clear = front_clear,
    .tp_dealloc = front_gone,
};

/* front(name, method, original): the front of `method`, which calls `original` in its turn. */
static PyObject *front(PyObject *Py_UNUSED(module), PyObject *given)
{
    static const struct { const char *name; Usual usual; } all[] = {
        {"handle_soon", handle_soon}, {"call_soon", call_soon}, {"call_later", call_later}};
    const char *name;
    PyObject *method, *original;
    Usual usual = NULL;
    if (!PyArg_ParseTuple(given, "sOO", &name, &method, &original))
        return NULL;
    for (size_t each = 0; each < sizeof all / sizeof *all; each++)
        if (!strcmp(all[each].name, name))
            usual = all[each].usual;
    if (usual == NULL)
        return PyErr_Format(PyExc_ValueError, "there is no front %.100s", name);
    Front *made = PyObject_GC_New(Front, &front_type);
    if (made == NULL)
        return NULL;
    made->usual = usual;
    made->method = Py_NewRef(method);
    made->original = Py_NewRef(original);
    made->call = front_call;
    PyObject_GC_Track((PyObject *)made);
    return (PyObject *)made;
}
