/* Classes with machine numbers, and learning where slots are */

/* numbers(base, kinds): a subclass that has slots for machine numbers: a `float` is a double, an `int` an int of C, a
   `bool` a flag. */
static PyObject *numbers(PyObject *Py_UNUSED(module), PyObject *given)
{
    enum { MOST = 16 };
    static const struct { PyTypeObject *kind; int code; Py_ssize_t size; } all[] = {
        {&PyFloat_Type, T_DOUBLE, sizeof(double)}, {&PyLong_Type, T_INT, sizeof(int)}, {&PyBool_Type, T_BOOL, 1}};
    PyTypeObject *base;
    PyObject *kinds, *name, *kind;
    if (!PyArg_ParseTuple(given, "O!O!", &PyType_Type, &base, &PyDict_Type, &kinds))
        return NULL;
    if (PyDict_GET_SIZE(kinds) > MOST)
        return PyErr_Format(PyExc_ValueError, "%zd slots, which are more than %d", PyDict_GET_SIZE(kinds), MOST);
    PyMemberDef members[MOST + 1] = {{0}}, *member = members;
    Py_ssize_t size = base->tp_basicsize;
    for (size_t each = 0; each < sizeof all / sizeof *all; each++) {
        Py_ssize_t place = 0;
        while (PyDict_Next(kinds, &place, &name, &kind)) {
            if (kind != (PyObject *)all[each].kind)
                continue;
            member->name = PyUnicode_AsUTF8(Py_NewRef(name)); /* which the class is going to need as long as it lives */
            if (member->name == NULL)
                return NULL;
            member->type = all[each].code;
            member->offset = size;
            size += all[each].size;
            member++;
        }
    }
    PyType_Slot slots[] = {{Py_tp_members, members}, {0, NULL}};
    size = (size + sizeof(double) - 1) / sizeof(double) * sizeof(double);
    PyType_Spec spec = {"asyncdemo.compiled._hot.Numbers", (int)size, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                        slots};
    PyObject *bases = PyTuple_Pack(1, base);
    PyObject *made = bases == NULL ? NULL : PyType_FromSpecWithBases(&spec, bases);
    Py_XDECREF(bases);
    return made;
}

static int learn_slot(PyObject *type, const char *name, int kind, Slot *slot)
{
    PyObject *described = PyObject_GetAttrString(type, name);
    if (described == NULL)
        return -1;
    int is_slot = Py_IS_TYPE(described, &PyMemberDescr_Type)
        && ((PyMemberDescrObject *)described)->d_member->type == kind;
    if (is_slot)
        *slot = ((PyMemberDescrObject *)described)->d_member->offset;
    else
        PyErr_Format(PyExc_TypeError, "%s is no slot of its kind", name);
    Py_DECREF(described);
    return is_slot ? 0 : -1;
}

#define LEARN_OBJECT(name) || learn_slot(type, #name, T_OBJECT_EX, &learnt.name) < 0
#define LEARN_REAL(name) || learn_slot(type, #name, T_DOUBLE, &learnt.name) < 0
#define LEARN_NUMBER(name) || learn_slot(type, #name, T_INT, &learnt.name) < 0
#define LEARN_FLAG(name) || learn_slot(type, #name, T_BOOL, &learnt.name) < 0
/* All of a class or nothing. */
#define LEARN(Slots, slots, where)                                                                                    \
    Slots learnt;                                                                                                     \
    if (0 slots(LEARN_OBJECT, LEARN_REAL, LEARN_NUMBER, LEARN_FLAG))                                                  \
        return -1;                                                                                                    \
    learnt.type = (PyTypeObject *)Py_NewRef(type);                                                                    \
    where = learnt;                                                                                                   \
    return 0;

static int learn_loop(PyObject *type) { LEARN(LoopSlots, LOOP_SLOTS, in_loop) }
static int learn_no_step(PyObject *type) { LEARN(NoStepSlots, NO_STEP_SLOTS, in_no_step) }
static int learn_handle(PyObject *type) { LEARN(HandleSlots, HANDLE_SLOTS, of_handle) }
static int learn_callback_handle(PyObject *type) { LEARN(CallbackSlots, CALLBACK_SLOTS, in_callback_handle) }
static int learn_callback(PyObject *type) { LEARN(CallbackSlots, CALLBACK_SLOTS, in_callback) }
static int learn_timer(PyObject *type) { LEARN(TimerSlots, TIMER_SLOTS, in_timer) }
static int learn_tasks(PyObject *type) { LEARN(TasksSlots, TASKS_SLOTS, in_tasks) }
static int learn_waits(PyObject *type) { LEARN(WaitsSlots, WAITS_SLOTS, in_waits) }
static int learn_callers(PyObject *type) { LEARN(CallersSlots, CALLERS_SLOTS, in_callers) }

static int learn_thread(PyObject *type) { LEARN(ThreadSlots, THREAD_SLOTS, in_thread) }

static int learn_step_handle(PyObject *type)
{
    static PyMethodDef method = {"_run", run_handle, METH_NOARGS, "Runs the step."};
    PyObject *run = PyDescr_NewMethod((PyTypeObject *)type, &method);
    int set = run == NULL ? -1 : PyObject_SetAttrString(type, "_run", run);
    Py_XDECREF(run);
    if (set < 0 || learn_handle(type) < 0)
        return -1;
    LEARN(StepSlots, STEP_SLOTS, in_handle)
}

static int learn_step_call(PyObject *type)
{
    ((PyTypeObject *)type)->tp_call = run_call;
    PyType_Modified((PyTypeObject *)type);
    LEARN(StepSlots, STEP_SLOTS, in_call)
}

/* learn(what, class): where the slots of a class are that has this part. */
static PyObject *learn(PyObject *Py_UNUSED(module), PyObject *given)
{
    static const struct { const char *what; int (*learn)(PyObject *); void (*then)(PyObject *); } all[] = {
        {"step handle", learn_step_handle, let_go_faster}, {"step call", learn_step_call, let_go_faster},
        {"callback handle", learn_callback_handle, let_go_faster}, {"callback", learn_callback, let_go_faster},
        {"timer", learn_timer, let_go_faster}, {"loop", learn_loop, NULL}, {"no step", learn_no_step, NULL},
        {"tasks", learn_tasks, NULL}, {"waits", learn_waits, NULL}, {"callers", learn_callers, NULL},
        {"thread time", learn_thread, NULL}};
    const char *what;
    PyObject *type;
    if (!PyArg_ParseTuple(given, "sO!", &what, &PyType_Type, &type))
        return NULL;
    for (size_t each = 0; each < sizeof all / sizeof *all; each++)
        if (!strcmp(all[each].what, what)) {
            if (all[each].learn(type) < 0)
                return NULL;
            if (all[each].then != NULL)
                all[each].then(type);
            Py_RETURN_NONE;
        }
    return PyErr_Format(PyExc_ValueError, "there is no part %.100s", what);
}

/* learn_values(none, brief, yield, any_task, timer, program, returned, step, birth, end, untold): rows, actors and an
   outcome that mean something here, how many bytes a row of three tables takes, and `thread_time.UNTOLD_S`. */
static PyObject *learn_values(PyObject *Py_UNUSED(module), PyObject *given)
{
    int step, birth, end;
    if (!PyArg_ParseTuple(given, "iiiiiiiiiid", &none, &brief, &yield_, &any_task, &timer, &program, &has_returned,
                          &step, &birth, &end, &untold))
        return NULL;
    if (step != sizeof(StepRow) || birth != sizeof(BirthRow) || end != sizeof(EndRow)) {
        PyErr_SetString(PyExc_ValueError, "the rows of a table have another size");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *from(const char *module, const char *name)
{
    PyObject *imported = PyImport_ImportModule(module);
    PyObject *value = imported == NULL ? NULL : PyObject_GetAttrString(imported, name);
    Py_XDECREF(imported);
    return value;
}

/* What a class has of this name, when it is of this kind; only looked at, for the class keeps it. */
static PyObject *described(PyTypeObject *type, const char *name, PyTypeObject *kind)
{
    PyObject *found = PyObject_GetAttrString((PyObject *)type, name);
    PyErr_Clear();
    Py_XDECREF(found);
    return found != NULL && Py_IS_TYPE(found, kind) ? found : NULL;
}

static PyCFunction method_of(PyTypeObject *type, const char *name, int flags)
{
    PyObject *found = described(type, name, &PyMethodDescr_Type);
    PyMethodDef *method = found == NULL ? NULL : ((PyMethodDescrObject *)found)->d_method;
    return method != NULL && method->ml_flags == flags ? method->ml_meth : NULL;
}

static PyGetSetDef *field_of(PyTypeObject *type, const char *name)
{
    PyObject *found = described(type, name, &PyGetSetDescr_Type);
    return found == NULL ? NULL : ((PyGetSetDescrObject *)found)->d_getset;
}

#define LEARN_METHOD(name) asked->name = method_of(asked->type, #name, METH_NOARGS);
#define LEARN_FIELD(name) asked->name = field_of(asked->type, #name);

static void learn_asked(Asked *asked, PyObject *type)
{
    asked->type = (PyTypeObject *)type;
    if (type != NULL) {
        METHODS(LEARN_METHOD)
        FIELDS(LEARN_FIELD)
    }
}

/* learn_names(step_callback, gathering, future_iterator, gave_up): classes of asyncio's without a public name, and
   `asyncio_names.gave_up`. */
static PyObject *learn_names(PyObject *Py_UNUSED(module), PyObject *given)
{
    PyObject *callback, *gathered, *iterator, *function;
    PyTypeObject *type = &PyType_Type;
    if (!PyArg_ParseTuple(given, "O!O!O!O", type, &callback, type, &gathered, type, &iterator, &function))
        return NULL;
    step_callback = (PyTypeObject *)Py_NewRef(callback);
    gathering = (PyTypeObject *)Py_NewRef(gathered);
    future_iterator = (PyTypeObject *)Py_NewRef(iterator);
    gave_up = Py_NewRef(function);
    step_callbacks_self = field_of(step_callback, "__self__");
    Py_RETURN_NONE;
}

static int learn_others(void)
{
    learn_asked(&of_task, from("asyncio", "Task"));
    learn_asked(&of_future, from("asyncio", "Future"));
    running_loop = from("asyncio", "_get_running_loop");
    real_time = from("time", "perf_counter");
    deque = (PyTypeObject *)from("collections", "deque");
    if (PyErr_Occurred())
        return -1;
    awaited_by = field_of(&PyCoro_Type, "cr_await");
    frame_of = field_of(&PyCoro_Type, "cr_frame");
    deque_append = method_of(deque, "append", METH_O);
    return 0;
}
