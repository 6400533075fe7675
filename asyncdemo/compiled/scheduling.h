/* Scheduling a step: the twins of `LoopRecorder.first_step`, `LoopRecorder.woken` and of both loops' `call_soon` */

/* The row of the task, or the actor, on whose behalf something runs; -1 with an error. */
static int row_of(PyObject *running, int *row)
{
    const StepSlots *at = slots_of(running);
    if (at != NULL) {
        *row = NUMBER(running, at->row);
        return 0;
    }
    if (Py_TYPE(running) == in_no_step.type) {
        *row = NUMBER(running, in_no_step.row);
        return 0;
    }
    return as_row(PyObject_GetAttr(running, str_row), row);
}

/* The twin of `CoroutineBook.of`: 1 when it is known, 0 when Python is to see to it. */
static int named(PyObject *loop, PyObject *coroutine, int *coro, int *defined)
{
    if (!PyCoro_CheckExact(coroutine))
        return 0;
    PyObject *found = known_of(BY_IDENTITY(loop, in_loop.known), code_of(coroutine));
    if (found == NULL)
        return 0;
    if (!PyTuple_CheckExact(found) || PyTuple_GET_SIZE(found) != 2)
        return broken(PyExc_TypeError, "what is known of a coroutine is no pair");
    *coro = (int)PyLong_AsLong(PyTuple_GET_ITEM(found, 0));
    *defined = (int)PyLong_AsLong(PyTuple_GET_ITEM(found, 1));
    return PyErr_Occurred() ? -1 : *coro >= 0;
}

static int is_at(PyFrameObject *frame, PyObject *code)
{
    PyCodeObject *own = PyFrame_GetCode(frame);
    Py_DECREF(own);
    return (PyObject *)own == code;
}

/* The twin of `Callers.site`: 1 when the program asks from the line that it asked from last, else 0. */
static int same_site(PyObject *callers, int *site)
{
    int depth = NUMBER(callers, in_callers._depth), same = 0;
    PyFrameObject *frame = PyThreadState_GetFrame(PyThreadState_Get()), *below = NULL;
    for (int level = 1; frame != NULL && level < depth; level++) {
        Py_XDECREF(below);
        below = frame;
        frame = PyFrame_GetBack(below);
    }
    if (frame != NULL) {
        same = is_at(frame, OF(callers, in_callers._code))
            && (below == NULL || is_at(below, OF(callers, in_callers._callee)))
            && PyFrame_GetLasti(frame) == NUMBER(callers, in_callers._instruction);
    }
    Py_XDECREF(frame);
    Py_XDECREF(below);
    *site = NUMBER(callers, in_callers._last_site);
    return same;
}

static int site_of_caller(PyObject *loop, int *site)
{
    if (same_site(OF(loop, in_loop.callers), site))
        return 0;
    return as_row(PyObject_CallNoArgs(OF(loop, in_loop.caller)), site);
}

/* The twin of `TaskRows.add`; another class of tables adds in its own way. */
static int add(PyObject *loop, const BirthRow *row, int *place)
{
    PyObject *tasks = OF(loop, in_loop.tasks);
    if (Py_TYPE(tasks) != in_tasks.type)
        return as_row(PyObject_CallFunction(OF(loop, in_loop.add), "diiiii", row->created, row->coro, row->defined,
                                            row->parent, row->site, row->loop), place);
    if (as_row(PyIter_Next(OF(tasks, in_tasks._rows)), place) < 0)
        return -1;
    if (*place >= PyList_GET_SIZE(OF(tasks, in_tasks.names)) &&
        over(PyObject_CallMethod(tasks, "_grow", "id", *place, row->created)) < 0)
        return -1;
    if (write_row(OF(tasks, in_tasks.births), *place * (Py_ssize_t)sizeof *row, row, sizeof *row) < 0)
        return -1;
    NUMBER(tasks, in_tasks.count) = *place + 1;
    return 0;
}

static int first_step_in_python(PyObject *loop, PyObject *step, PyObject *task)
{
    PyObject *args[] = {loop, step, task};
    PyObject *seen = PyObject_VectorcallMethod(str_first_step, args, 3, NULL);
    int truth = seen == NULL ? -1 : PyObject_IsTrue(seen);
    Py_XDECREF(seen);
    return truth;
}

/* 1 when `step` serves `task` now, 0 when that is to be left out. */
static int first_step(PyObject *loop, PyObject *step, const StepSlots *at, PyObject *task)
{
    PyObject *running = OF(loop, in_loop.running);
    if (running == OF(loop, in_loop.idle) || FLAG(loop, in_loop.chooses) || OF(loop, in_loop.first_turn) != Py_None ||
        OF(loop, in_loop.expected) != Py_None || PyDict_GET_SIZE(OF(loop, in_loop.watch)))
        return first_step_in_python(loop, step, task);
    const StepSlots *maker = slots_of(running);
    int row, waker, in_step = maker != NULL && OF(running, maker->task) != Py_None;
    if (row_of(running, &waker) < 0)
        return -1;
    BirthRow birth = {0, 0, 0, waker < 0 ? none : waker, 0, NUMBER(loop, in_loop.number), 0};
    PyObject *coroutine = ASK(task, get_coro);
    int known = coroutine == NULL ? -1 : named(loop, coroutine, &birth.coro, &birth.defined);
    Py_XDECREF(coroutine);
    if (known <= 0)
        return known < 0 ? -1 : first_step_in_python(loop, step, task);
    birth.created = now(loop);
    if (failed(birth.created) || site_of_caller(loop, &birth.site) < 0 || add(loop, &birth, &row) < 0)
        return -1;
    if (note(BY_IDENTITY(loop, in_loop.steps), task, step) < 0)
        return -1;
    if (in_step) {
        if (PyList_Append(OF(loop, in_loop.fresh), task) < 0)
            return -1;
        FLAG(loop, in_loop.unusual) = 1;
    }
    put(step, at->task, task);
    REAL(step, at->since) = REAL(step, at->ready) = birth.created;
    NUMBER(step, at->row) = row;
    NUMBER(step, at->wait) = none;
    NUMBER(step, at->waker) = waker;
    FLAG(step, at->scheduled) = 1;
    return 1;
}

static inline int is_its_thread(PyObject *loop)
{
    return PyLong_AsUnsignedLong(OF(loop, in_loop.ident)) == PyThread_get_thread_ident();
}

/* Whether a loop is running in this thread. The loop itself is asked when this is its thread, unless it is known to run:
   Python 3.11 asks the system for the number of the process each time that it is asked for the running loop. */
static int is_in_loop(PyObject *loop, PyObject *own_loop, const StepSlots *at)
{
    PyObject *runs;
    if (!is_its_thread(loop))
        runs = PyObject_CallNoArgs(running_loop);
    else if (FLAG(loop, in_loop.runs))
        return 1;
    else if (at == &in_handle)
        runs = PyObject_GetAttr(own_loop, str__thread_id);
    else
        runs = PyObject_CallMethodNoArgs(own_loop, str_is_running);
    Py_XDECREF(runs);
    return runs == NULL ? -1 : runs != Py_None && runs != Py_False;
}

/* On whose behalf the task that becomes ready is woken. */
static int waker_of(PyObject *loop, PyObject *own_loop, const StepSlots *at, int *waker)
{
    PyObject *running = OF(loop, in_loop.running);
    if (running == OF(loop, in_loop.idle)) {
        int runs = is_in_loop(loop, own_loop, at);
        if (runs <= 0) {
            *waker = program;
            return runs;
        }
    }
    return row_of(running, waker);
}

static int woken(
    PyObject *loop, PyObject *own_loop, PyObject *step, const StepSlots *at, PyObject *task, PyObject *future)
{
    int waker;
    put(step, at->task, task);
    FLAG(step, at->scheduled) = 1;
    if (waker_of(loop, own_loop, at, &waker) < 0)
        return -1;
    NUMBER(step, at->waker) = waker;
    double ready = now(loop), due = REAL(loop, in_loop.due);
    if (failed(ready))
        return -1;
    REAL(step, at->ready) = waker == timer && REAL(step, at->since) < due && due < ready ? due : ready;
    if (reason(loop, step, at, task, future) < 0)
        return -1;
    PyObject *cancelled = ASK(future, cancelled);
    if (cancelled == Py_False && Py_TYPE(future) == gathering)
        Py_SETREF(cancelled, PyObject_CallOneArg(gave_up, future));
    Py_XDECREF(cancelled);
    if (cancelled == NULL)
        return -1;
    return cancelled == Py_False
        ? 0 : over(PyObject_CallMethod(loop, "cancelled", "iOO", NUMBER(step, at->row), task, future));
}

/* The task of whose step or wake-up a callback is the method, as a reference of the caller's own. */
static PyObject *task_of(PyObject *callback)
{
    if (Py_TYPE(callback) == step_callback)
        return look(callback, step_callbacks_self, str___self__);
    PyObject *self = PyCFunction_GET_SELF(callback);
    return Py_NewRef(self == NULL ? Py_None : self);
}

/* What serves a task that its own step schedules again, or that a future wakes; None when that is for Python to see
   to. */
static PyObject *known_step(
    PyObject *loop, PyObject *own_loop, const StepSlots *at, PyObject *callback, PyObject *task, PyObject *args)
{
    PyObject *step = NULL;
    if (Py_TYPE(callback) == step_callback) {
        PyObject *running = OF(loop, in_loop.running);
        if (Py_TYPE(running) == at->type && OF(running, at->task) == task) {
            step = Py_NewRef(running);
            FLAG(step, at->scheduled) = 1;
            NUMBER(step, at->wait) = yield_;
            NUMBER(step, at->waker) = NUMBER(step, at->row);
        }
    } else if (PyTuple_GET_SIZE(args)) {
        PyObject *known = known_of(BY_IDENTITY(loop, in_loop.steps), task);
        if (known != NULL && Py_TYPE(known) == at->type) {
            Py_INCREF(known);
            PyObject *waiter = LOOK(task, _fut_waiter);
            if (waiter == PyTuple_GET_ITEM(args, 0))
                step = woken(loop, own_loop, known, at, task, waiter) < 0 ? NULL : Py_NewRef(known);
            Py_XDECREF(waiter);
            Py_DECREF(known);
        }
    }
    if (step == NULL)
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    put(step, at->_callback, callback);
    put(step, at->_args, args);
    return step;
}

static PyObject *new_handle(
    PyTypeObject *type, PyObject *own_loop, PyObject *callback, PyObject *args, PyObject *context)
{
    PyObject *own = context == Py_None ? PyContext_CopyCurrent() : Py_NewRef(context);
    PyObject *handle = own == NULL ? NULL : type->tp_alloc(type, 0);
    if (handle == NULL) {
        Py_XDECREF(own);
        return NULL;
    }
    put(handle, of_handle._callback, callback);
    put(handle, of_handle._args, args);
    put(handle, of_handle._loop, own_loop);
    give(handle, of_handle._context, own);
    put(handle, of_handle._cancelled, Py_False);
    put(handle, of_handle._repr, Py_None);
    put(handle, of_handle._source_traceback, Py_None);
    return handle;
}

/* A step for a task that is seen for the first time, or None when that is to be left out. */
static PyObject *new_step(PyObject *loop, PyObject *own_loop, const StepSlots *at, PyObject *callback, PyObject *task,
                          PyObject *args, PyObject *context)
{
    PyObject *step;
    if (at == &in_handle) {
        step = new_handle(at->type, own_loop, callback, args, context);
    } else if ((step = at->type->tp_alloc(at->type, 0)) != NULL) {
        put(step, at->_callback, callback);
        put(step, at->_args, args);
    }
    if (step == NULL)
        return NULL;
    put(step, at->loop, loop);
    NUMBER(step, at->row) = none;
    REAL(step, at->started) = REAL(step, at->looked) = none;
    int seen = first_step(loop, step, at, task);
    if (seen > 0)
        return step;
    Py_DECREF(step);
    return seen < 0 ? NULL : Py_NewRef(Py_None);
}

/* What serves the step of a task that a callback runs; None when that is for Python to see to. */
static PyObject *step_for(
    PyObject *loop, PyObject *own_loop, const StepSlots *at, PyObject *callback, PyObject *args, PyObject *context)
{
    PyObject *task = task_of(callback);
    PyObject *step = task == NULL ? NULL : known_step(loop, own_loop, at, callback, task, args);
    if (step == Py_None && Py_TYPE(callback) == step_callback && OF(loop, in_loop.first_turn) == Py_None)
        Py_SETREF(step, new_step(loop, own_loop, at, callback, task, args, context));
    Py_XDECREF(task);
    return step;
}

/* On whose behalf a callback is going to run that is handed to `own_loop` now. */
static int cause_of(PyObject *loop, PyObject *own_loop, int *cause)
{
    PyObject *running = OF(loop, in_loop.running);
    if (running == OF(loop, in_loop.idle) || !is_its_thread(loop))
        return as_row(PyObject_CallMethodOneArg(loop, str_cause, own_loop), cause);
    return row_of(running, cause);
}

static inline int is_task(PyObject *callback)
{
    return Py_TYPE(callback) == step_callback || Py_TYPE(callback) == &PyCFunction_Type;
}
