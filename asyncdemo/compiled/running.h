/* Running a step: the twin of `steps.run_step` */

static int append(PyObject *loop, const StepRow *row)
{
    PyObject *chunk = OF(loop, in_loop.chunk);
    int offset = NUMBER(loop, in_loop.offset);
    if (write_row(chunk, offset, row, sizeof *row) < 0)
        return -1;
    if (offset + (Py_ssize_t)sizeof *row == PyByteArray_GET_SIZE(chunk))
        return over(PyObject_CallMethodNoArgs(loop, str_next_chunk));
    NUMBER(loop, in_loop.offset) = offset + sizeof *row;
    return 0;
}

/* Empties a list, which keeps its room. */
static void empty(PyObject *list)
{
    for (Py_ssize_t place = PyList_GET_SIZE(list); place-- > 0;) {
        PyObject *last = PyList_GET_ITEM(list, place);
        Py_SET_SIZE(list, place);
        Py_DECREF(last);
    }
}

/* What `LoopRecorder.after_step` does when all that is unusual is that tasks were made: 1 when it was, else 0. */
static int only_fresh(PyObject *loop)
{
    PyObject *fresh = OF(loop, in_loop.fresh);
    if (PyList_GET_SIZE(OF(loop, in_loop.named_late)) || PyDict_GET_SIZE(OF(loop, in_loop.watch)))
        return 0;
    for (Py_ssize_t place = 0; place < PyList_GET_SIZE(fresh); place++) {
        PyObject *cancelling = LOOK(PyList_GET_ITEM(fresh, place), _must_cancel);
        Py_XDECREF(cancelling);
        if (cancelling == NULL)
            return -1;
        if (cancelling != Py_False)
            return 0;
    }
    empty(fresh);
    FLAG(loop, in_loop.unusual) = 0;
    return 1;
}

/* Whether a task returned and was never asked to end; -1 with an error. */
static int simply_returned(PyObject *tasks, int row, PyObject *task)
{
    PyObject *cancelled = ASK(task, cancelled);
    Py_XDECREF(cancelled);
    if (cancelled != Py_False)
        return cancelled == NULL ? -1 : 0;
    PyObject *error = LOOK(task, _exception);
    Py_XDECREF(error);
    if (error != Py_None)
        return error == NULL ? -1 : 0;
    if (!PyDict_GET_SIZE(OF(tasks, in_tasks.cancelled)))
        return 1;
    PyObject *key = PyLong_FromLong(row);
    int asked = key == NULL ? -1 : PyDict_Contains(OF(tasks, in_tasks.cancelled), key);
    Py_XDECREF(key);
    return asked < 0 ? -1 : !asked;
}

/* What `LoopRecorder.finished` does with such a task: 1 when it is one, else 0. */
static int returned(PyObject *loop, PyObject *step, const StepSlots *at, PyObject *task, double end)
{
    PyObject *tasks = OF(loop, in_loop.tasks), *names = OF(tasks, in_tasks.names);
    int place = NUMBER(step, at->row), simply = simply_returned(tasks, place, task);
    if (simply <= 0)
        return simply;
    EndRow row = {REAL(step, at->started), end, has_returned, 0};
    Py_XDECREF(take(BY_IDENTITY(loop, in_loop.steps), task));
    PyObject *name = ASK(task, get_name);
    if (name == NULL || PyList_SetItem(names, place, name) < 0 ||
        write_row(OF(tasks, in_tasks.ends), place * (Py_ssize_t)sizeof row, &row, sizeof row) < 0)
        return -1;
    PyObject *number = PyLong_FromLong(place);
    int noted = number == NULL ? -1 : PyList_Append(OF(tasks, in_tasks.finished), number);
    Py_XDECREF(number);
    return noted < 0 ? -1 : 1;
}

static int suspended(PyObject *loop, PyObject *step, const StepSlots *at, double end)
{
    REAL(step, at->since) = end;
    PyObject *task = get(step, at->task);
    if (task == NULL)
        return -1;
    int result = 0;
    if (FLAG(loop, in_loop.debug)) {
        result = over(PyObject_CallMethodOneArg(loop, str_keep_mark, step));
    } else {
        put(step, at->_callback, Py_None);
        put(step, at->_args, Py_None);
    }
    PyObject *done = result < 0 ? NULL : ASK(task, done);
    Py_XDECREF(done);
    if (done == NULL) {
        result = -1;
    } else if (done != Py_False) {
        result = returned(loop, step, at, task, end);
        if (result == 0)
            result = over(PyObject_CallMethod(loop, "finished", "OOd", step, task, end));
    }
    if (result >= 0)
        put(step, at->task, Py_None);
    Py_DECREF(task);
    return result < 0 ? -1 : 0;
}

/* Takes over what is left of a step that an eager task interrupted. */
static int take_cut(PyObject *loop, StepRow *row)
{
    row->start = REAL(loop, in_loop.busy_since);
    if (OF(loop, in_loop.cut) == Py_None)
        return 0;
    if (!PyArg_ParseTuple(OF(loop, in_loop.cut), "dii", &row->ready, &row->wait, &row->waker))
        return -1;
    put(loop, in_loop.cut, Py_None);
    return 0;
}

static int written(PyObject *loop, PyObject *step, const StepSlots *at, StepRow *row)
{
    int unusual = FLAG(loop, in_loop.unusual);
    if (unusual && take_cut(loop, row) < 0)
        return -1;
    row->task = NUMBER(step, at->row);
    if (append(loop, row) < 0)
        return -1;
    if (row->wait < 0)
        REAL(step, at->started) = row->start;
    if (FLAG(step, at->scheduled))
        REAL(step, at->ready) = row->end;
    else if (suspended(loop, step, at, row->end) < 0)
        return -1;
    if (unusual) {
        int done = only_fresh(loop);
        if (done < 0 || (done == 0 && over(PyObject_CallMethod(loop, "after_step", "id", row->task, row->start)) < 0))
            return -1;
    }
    if (row->end - row->start > REAL(loop, in_loop.stall))
        return over(PyObject_CallMethod(loop, "stalled", "ddi", row->start, row->end, row->task));
    return 0;
}

/* Leaves an error of the callback's to the loop; gives the one that is to go on, if any. */
static PyObject *escaped(PyObject *step)
{
    if (PyErr_ExceptionMatches(PyExc_SystemExit) || PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
        return take_error();
    PyObject *error = take_error(), *handled = PyErr_GetHandledException();
    PyErr_SetHandledException(error);
    int left = over(PyObject_CallMethodOneArg(step, str_escaped, error));
    PyErr_SetHandledException(handled);
    Py_XDECREF(handled);
    Py_DECREF(error);
    return left < 0 ? take_error() : NULL;
}

/* Calls a step's callback in its context, which uvloop's own handle has entered already; in debug mode as asyncio's
   handle does, which stands in the stacks that are looked at then. */
static PyObject *entered(PyObject *loop, PyObject *step, const StepSlots *at, PyObject *callback, PyObject *args)
{
    if (at == &in_handle && FLAG(loop, in_loop.debug))
        return PyObject_CallMethodNoArgs(step, str_run_as_ever);
    PyObject *argument = PyTuple_Check(args) && PyTuple_GET_SIZE(args) ? PyTuple_GET_ITEM(args, 0) : NULL;
    PyObject *given[] = {NULL, argument};
    size_t number = (argument != NULL) | PY_VECTORCALL_ARGUMENTS_OFFSET;
    if (at == &in_call)
        return PyObject_Vectorcall(callback, given + 1, number, NULL);
    PyObject *context = get(step, of_handle._context), *result = NULL;
    if (context != NULL && PyContext_Enter(context) == 0) {
        result = PyObject_Vectorcall(callback, given + 1, number, NULL);
        if (PyContext_Exit(context) < 0)
            Py_CLEAR(result);
    }
    Py_XDECREF(context);
    return result;
}

static PyObject *run_step(PyObject *step, const StepSlots *at)
{
    PyObject *loop = get(step, at->loop);
    if (loop == NULL)
        return NULL;
    StepRow row = {REAL(step, at->ready), 0, 0, 0, NUMBER(step, at->wait), NUMBER(step, at->waker), 0};
    PyObject *args = get(step, at->_args), *callback = get(step, at->_callback), *outer = get(loop, in_loop.running);
    PyObject *error = NULL;
    if (args == NULL || callback == NULL || outer == NULL)
        goto finally;
    FLAG(step, at->scheduled) = 0;
    put(loop, in_loop.running, step);
    if (FLAG(loop, in_loop.unusual) && over(PyObject_CallMethodOneArg(loop, str_resuming, step)) < 0 && fail(loop) < 0)
        goto finally;
    row.start = now(loop);
    if (failed(row.start))
        goto finally;
    REAL(loop, in_loop.busy_since) = row.start;
    PyObject *result = entered(loop, step, at, callback, args);
    if (result == NULL)
        error = escaped(step);
    Py_XDECREF(result);
    row.end = now(loop);
    put(loop, in_loop.running, outer);
    if ((failed(row.end) || written(loop, step, at, &row) < 0) && fail(loop) < 0)
        Py_CLEAR(error);
finally:
    if (error != NULL)
        raise_again(error);
    Py_XDECREF(args);
    Py_XDECREF(callback);
    Py_XDECREF(outer);
    Py_DECREF(loop);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyObject *run_handle(PyObject *step, PyObject *Py_UNUSED(nothing)) { return run_step(step, &in_handle); }

static PyObject *run_call(PyObject *step, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(named))
{
    return run_step(step, &in_call);
}
