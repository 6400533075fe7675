/* The hot path of the recorder, compiled: the same as its twins in Python, on the same objects.

   What a step costs is paid hundreds of thousands of times by a program that does little else, and an interpreter needs
   two thousand bytecodes for what one request of a web server takes. So this does what `steps.run_step`,
   `LoopRecorder.first_step`, `LoopRecorder.woken` and both loops' `call_soon` do where nothing is unusual, and calls
   those, or answers None, where anything is. It has no state and no types of its own: it reads and writes the slots of
   the classes in Python, of which it learns at import where they lie. Each function names its twin, which says why
   things are as they are. Where there is no compiler, the twins do it all. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#include <string.h>

/* Slots of the classes in Python */

typedef Py_ssize_t Slot;

#define LOOP_SLOTS(each)                                                                                              \
    each(add) each(brief) each(busy_since) each(caller) each(chooses) each(chunk) each(coroutine) each(cut) each(debug)\
    each(due) each(expected) each(first_turn) each(fresh) each(ident) each(idle) each(named_late) each(number)        \
    each(offset) each(recorder) each(running) each(stall) each(steps) each(tasks) each(time) each(unusual)          \
    each(waits) each(watch)
#define STEP_SLOTS(each)                                                                                              \
    each(_args) each(_callback) each(enter) each(loop) each(ready) each(row) each(scheduled) each(since) each(started) \
    each(task) each(wait) each(waker)
#define HANDLE_SLOTS(each) each(_args) each(_callback) each(_cancelled) each(_context) each(_loop) each(_repr)        \
    each(_source_traceback)
#define CALLBACK_SLOTS(each) each(_callback) each(loop) each(row)

#define DECLARE(name) Slot name;
typedef struct { LOOP_SLOTS(DECLARE) } LoopSlots;
typedef struct { PyTypeObject *type; STEP_SLOTS(DECLARE) } StepSlots;
typedef struct { HANDLE_SLOTS(DECLARE) } HandleSlots;
typedef struct { PyTypeObject *type; CALLBACK_SLOTS(DECLARE) } CallbackSlots;

static LoopSlots in_loop;
static StepSlots in_handle, in_uvloops;
static HandleSlots of_handle;
static CallbackSlots in_callback_handle, in_uvloops_callback;

static PyTypeObject *step_callback, *gathering;
static PyObject *running_loop, *gave_up, *call, *with_context;
/* Rows and actors, as the objects that Python has of them. */
static PyObject *none, *brief, *yield_, *any_task, *timer, *program;
static long row_size, end_size, timer_number, returned_number;

#define NAMES(each)                                                                                                   \
    each(__self__) each(_exception) each(_fut_waiter) each(_must_cancel) each(_thread_id) each(_unseen)               \
    each(after_step) each(cancelled) each(cause) each(closed_until_s) each(done) each(ends) each(escaped) each(fail)  \
    each(finished) each(first_step) each(get_coro) each(get_name) each(is_running) each(keep_mark) each(names)        \
    each(next_chunk) each(reason) each(resuming) each(row) each(run) each(stalled) each(unseen) each(unseen_waits)
#define DECLARE_NAME(name) static PyObject *str_##name;
NAMES(DECLARE_NAME)

#define OF(object, slot) (*(PyObject **)((char *)(object) + (slot)))

/* Puts `value` into a slot and takes the reference over. */
static inline void give(PyObject *object, Slot slot, PyObject *value)
{
    PyObject *before = OF(object, slot);
    OF(object, slot) = value;
    Py_XDECREF(before);
}

static inline void put(PyObject *object, Slot slot, PyObject *value) { give(object, slot, Py_NewRef(value)); }

/* What lies in a slot, as a reference of the caller's own; NULL with an error when it is empty. */
static inline PyObject *get(PyObject *object, Slot slot)
{
    PyObject *value = OF(object, slot);
    if (value == NULL)
        PyErr_SetString(PyExc_AttributeError, "a slot of the recorder's is empty");
    return Py_XNewRef(value);
}

static inline const StepSlots *slots_of(PyObject *object)
{
    if (Py_TYPE(object) == in_handle.type)
        return &in_handle;
    return Py_TYPE(object) == in_uvloops.type ? &in_uvloops : NULL;
}

/* Whether a slot holds something true; an empty one does not, and neither does what fails to tell. */
static inline int is_set(PyObject *object, Slot slot)
{
    PyObject *value = OF(object, slot);
    if (value == Py_False || value == NULL || value == Py_None)
        return 0;
    if (value == Py_True)
        return 1;
    int truth = PyObject_IsTrue(value);
    if (truth < 0)
        PyErr_Clear();
    return truth != 0;
}

static inline PyObject *identity(PyObject *object) { return PyLong_FromVoidPtr(object); }

/* Errors */

/* The error that is raised, with its traceback, taken away; NULL when there is none. */
static PyObject *take_error(void)
{
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    if (type == NULL)
        return NULL;
    PyErr_NormalizeException(&type, &error, &traceback);
    if (traceback != NULL)
        PyException_SetTraceback(error, traceback);
    Py_DECREF(type);
    Py_XDECREF(traceback);
    return error;
#endif
}

static void raise_again(PyObject *error)
{
#if PY_VERSION_HEX >= 0x030C0000
    PyErr_SetRaisedException(error);
#else
    PyErr_Restore(Py_NewRef((PyObject *)Py_TYPE(error)), error, PyException_GetTraceback(error));
#endif
}

static int call_for_nothing(PyObject *called, PyObject *name, PyObject *first, PyObject *second, PyObject *third)
{
    PyObject *args[] = {called, first, second, third};
    size_t number = 1 + (first != NULL) + (second != NULL) + (third != NULL);
    PyObject *result = PyObject_VectorcallMethod(name, args, number, NULL);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

/* Switches the recorder off for the `Exception` that is raised; another error stays raised, and gives -1. */
static int fail(PyObject *loop)
{
    if (!PyErr_ExceptionMatches(PyExc_Exception))
        return -1;
    PyObject *error = take_error();
    int result = call_for_nothing(OF(loop, in_loop.recorder), str_fail, error, NULL, NULL);
    Py_DECREF(error);
    return result;
}

/* Running a step: the twin of `steps.run_step` */

static int append(
    PyObject *loop, double ready, double start, double end, PyObject *row, PyObject *wait, PyObject *waker)
{
    int numbers[] = {(int)PyLong_AsLong(row), (int)PyLong_AsLong(wait), (int)PyLong_AsLong(waker), 0};
    double times[] = {ready, start, end};
    Py_ssize_t offset = PyLong_AsSsize_t(OF(loop, in_loop.offset));
    PyObject *chunk = OF(loop, in_loop.chunk);
    if (PyErr_Occurred())
        return -1;
    if (!PyByteArray_CheckExact(chunk) || offset < 0 || offset + row_size > PyByteArray_GET_SIZE(chunk)) {
        PyErr_SetString(PyExc_IndexError, "a step has no place in its chunk");
        return -1;
    }
    char *place = PyByteArray_AS_STRING(chunk) + offset;
    memcpy(place, times, sizeof times);
    memcpy(place + sizeof times, numbers, sizeof numbers);
    if (offset + row_size == PyByteArray_GET_SIZE(chunk))
        return call_for_nothing(loop, str_next_chunk, NULL, NULL, NULL);
    PyObject *next = PyLong_FromSsize_t(offset + row_size);
    if (next == NULL)
        return -1;
    give(loop, in_loop.offset, next);
    return 0;
}

/* What `LoopRecorder.after_step` does when all that is unusual is that tasks were made: 1 when it was, else 0. */
static int only_fresh(PyObject *loop)
{
    PyObject *fresh = OF(loop, in_loop.fresh);
    if (PyList_GET_SIZE(OF(loop, in_loop.named_late)) || PyDict_GET_SIZE(OF(loop, in_loop.watch)))
        return 0;
    for (Py_ssize_t place = 0; place < PyList_GET_SIZE(fresh); place++) {
        PyObject *cancelling = PyObject_GetAttr(PyList_GET_ITEM(fresh, place), str__must_cancel);
        Py_XDECREF(cancelling);
        if (cancelling == NULL)
            return -1;
        if (cancelling != Py_False)
            return 0;
    }
    if (PyList_SetSlice(fresh, 0, PyList_GET_SIZE(fresh), NULL) < 0)
        return -1;
    put(loop, in_loop.unusual, Py_False);
    return 1;
}

/* What `LoopRecorder.finished` does with a task that returned and was never asked to end: 1 when it is one, else 0. */
static int returned(PyObject *loop, PyObject *step, const StepSlots *at, PyObject *task, double end)
{
    PyObject *tasks = OF(loop, in_loop.tasks), *row = OF(step, at->row), *started = OF(step, at->started);
    PyObject *cancelled = PyObject_CallMethodNoArgs(task, str_cancelled), *error = NULL, *asked = NULL, *key = NULL;
    PyObject *names = NULL, *ends = NULL, *all = NULL, *name = NULL;
    int result = cancelled == NULL ? -1 : 0;
    if (cancelled != Py_False)
        goto done;
    error = PyObject_GetAttr(task, str__exception);
    asked = error == NULL ? NULL : PyObject_GetAttr(tasks, str_cancelled);
    int was = asked == NULL ? -1 : PyDict_Contains(asked, row);
    if (was != 0 || error != Py_None) {
        result = was < 0 ? -1 : 0;
        goto done;
    }
    result = -1;
    key = identity(task);
    if (key == NULL || PyDict_DelItem(OF(loop, in_loop.steps), key) < 0)
        goto done;
    names = PyObject_GetAttr(tasks, str_names);
    ends = PyObject_GetAttr(tasks, str_ends);
    all = PyObject_GetAttr(tasks, str_finished);
    name = PyObject_CallMethodNoArgs(task, str_get_name);
    Py_ssize_t place = PyLong_AsSsize_t(row);
    if (names == NULL || ends == NULL || all == NULL || name == NULL || PyErr_Occurred())
        goto done;
    if (PyList_SetItem(names, place, Py_NewRef(name)) < 0)
        goto done;
    double times[] = {PyFloat_AsDouble(started), end};
    int numbers[] = {(int)returned_number, 0};
    if (PyErr_Occurred() || !PyByteArray_CheckExact(ends) || (place + 1) * end_size > PyByteArray_GET_SIZE(ends)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_IndexError, "the end of a task has no place");
        goto done;
    }
    char *to = PyByteArray_AS_STRING(ends) + place * end_size;
    memcpy(to, times, sizeof times);
    memcpy(to + sizeof times, numbers, sizeof numbers);
    result = PyList_Append(all, row) < 0 ? -1 : 1;
done:
    Py_XDECREF(cancelled);
    Py_XDECREF(error);
    Py_XDECREF(asked);
    Py_XDECREF(key);
    Py_XDECREF(names);
    Py_XDECREF(ends);
    Py_XDECREF(all);
    Py_XDECREF(name);
    return result;
}

static int suspended(PyObject *loop, PyObject *step, const StepSlots *at, PyObject *end)
{
    put(step, at->since, end);
    PyObject *task = get(step, at->task);
    if (task == NULL)
        return -1;
    if (is_set(loop, in_loop.debug)) {
        if (call_for_nothing(loop, str_keep_mark, step, NULL, NULL) < 0)
            goto failed;
    } else {
        put(step, at->_callback, Py_None);
        put(step, at->_args, Py_None);
    }
    PyObject *done = PyObject_CallMethodNoArgs(task, str_done);
    Py_XDECREF(done);
    if (done == NULL)
        goto failed;
    if (done != Py_False) {
        int over = returned(loop, step, at, task, PyFloat_AsDouble(end));
        if (over < 0 || (over == 0 && call_for_nothing(loop, str_finished, step, task, end) < 0))
            goto failed;
    }
    put(step, at->task, Py_None);
    Py_DECREF(task);
    return 0;
failed:
    Py_DECREF(task);
    return -1;
}

/* What is known of a step before it runs: what wakes the task again meanwhile writes over it. */
typedef struct {
    PyObject *ready, *wait, *waker, *start;
} Begun;

static int written(PyObject *loop, PyObject *step, const StepSlots *at, Begun *begun, PyObject *end)
{
    PyObject *row = OF(step, at->row);
    int unusual = is_set(loop, in_loop.unusual);
    if (unusual) {
        Py_SETREF(begun->start, Py_NewRef(OF(loop, in_loop.busy_since)));
        PyObject *cut = get(loop, in_loop.cut);
        if (cut != Py_None) {
            Py_SETREF(begun->ready, Py_NewRef(PyTuple_GetItem(cut, 0)));
            Py_SETREF(begun->wait, Py_NewRef(PyTuple_GetItem(cut, 1)));
            Py_SETREF(begun->waker, Py_NewRef(PyTuple_GetItem(cut, 2)));
            put(loop, in_loop.cut, Py_None);
        }
        Py_DECREF(cut);
    }
    double ready = PyFloat_AsDouble(begun->ready), start = PyFloat_AsDouble(begun->start);
    double ended = PyFloat_AsDouble(end);
    if (append(loop, ready, start, ended, row, begun->wait, begun->waker) < 0)
        return -1;
    if (PyLong_AsLong(begun->wait) < 0)
        put(step, at->started, begun->start);
    if (OF(step, at->scheduled) == Py_True)
        put(step, at->ready, end);
    else if (suspended(loop, step, at, end) < 0)
        return -1;
    if (unusual) {
        int over = only_fresh(loop);
        if (over < 0 || (over == 0 && call_for_nothing(loop, str_after_step, row, begun->start, NULL) < 0))
            return -1;
    }
    if (ended - start > PyFloat_AsDouble(OF(loop, in_loop.stall)))
        return call_for_nothing(loop, str_stalled, begun->start, end, row);
    return 0;
}

static void forgotten(Begun *begun)
{
    Py_XDECREF(begun->ready);
    Py_XDECREF(begun->wait);
    Py_XDECREF(begun->waker);
    Py_XDECREF(begun->start);
}

/* Leaves an error of the callback's to the loop; gives the one that is to go on, if any. */
static PyObject *escaped(PyObject *step)
{
    if (PyErr_ExceptionMatches(PyExc_SystemExit) || PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
        return take_error();
    PyObject *error = take_error(), *handled = PyErr_GetHandledException();
    PyErr_SetHandledException(error);
    int left = call_for_nothing(step, str_escaped, error, NULL, NULL);
    PyErr_SetHandledException(handled);
    Py_XDECREF(handled);
    Py_DECREF(error);
    return left < 0 ? take_error() : NULL;
}

static PyObject *run(PyObject *Py_UNUSED(module), PyObject *step)
{
    const StepSlots *at = slots_of(step);
    if (at == NULL)
        return PyErr_Format(PyExc_TypeError, "%.100s is no step", Py_TYPE(step)->tp_name);
    PyObject *loop = get(step, at->loop);
    if (loop == NULL)
        return NULL;
    Begun begun = {get(step, at->ready), get(step, at->wait), get(step, at->waker), NULL};
    PyObject *args = get(step, at->_args), *callback = get(step, at->_callback), *enter = get(step, at->enter);
    PyObject *outer = get(loop, in_loop.running), *time = get(loop, in_loop.time), *error = NULL, *end = NULL;
    if (PyErr_Occurred())
        goto finally;
    put(step, at->scheduled, Py_False);
    put(loop, in_loop.running, step);
    if (is_set(loop, in_loop.unusual) && call_for_nothing(loop, str_resuming, step, NULL, NULL) < 0 && fail(loop) < 0)
        goto finally;
    begun.start = PyObject_CallNoArgs(time);
    if (begun.start == NULL)
        goto finally;
    put(loop, in_loop.busy_since, begun.start);
    PyObject *given[] = {callback, PyTuple_Check(args) && PyTuple_GET_SIZE(args) ? PyTuple_GET_ITEM(args, 0) : NULL};
    PyObject *result = PyObject_Vectorcall(enter, given, 1 + (given[1] != NULL), NULL);
    if (result == NULL)
        error = escaped(step);
    Py_XDECREF(result);
    end = PyObject_CallNoArgs(time);
    put(loop, in_loop.running, outer);
    if ((end == NULL || written(loop, step, at, &begun, end) < 0) && fail(loop) < 0)
        Py_CLEAR(error);
finally:
    if (error != NULL)
        raise_again(error);
    forgotten(&begun);
    Py_XDECREF(args);
    Py_XDECREF(callback);
    Py_XDECREF(enter);
    Py_XDECREF(outer);
    Py_XDECREF(time);
    Py_XDECREF(end);
    Py_DECREF(loop);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* Scheduling a step: the twins of `LoopRecorder.first_step`, `LoopRecorder.woken` and of both loops' `call_soon` */

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
    const StepSlots *makers = slots_of(running);
    if (makers == NULL || is_set(loop, in_loop.chooses) || OF(loop, in_loop.first_turn) != Py_None ||
        OF(loop, in_loop.expected) != Py_None || PyDict_GET_SIZE(OF(loop, in_loop.watch)))
        return first_step_in_python(loop, step, task);
    int seen = -1;
    Py_INCREF(running);
    PyObject *coroutine = PyObject_CallMethodNoArgs(task, str_get_coro), *found = NULL, *now = NULL, *site = NULL,
             *key = NULL, *row = NULL, *parent = get(running, makers->row);
    if (coroutine == NULL || parent == NULL)
        goto done;
    found = PyObject_CallOneArg(OF(loop, in_loop.coroutine), coroutine);
    if (found == NULL)
        goto done;
    if (PyLong_AsLong(PyTuple_GetItem(found, 0)) < 0) {
        seen = first_step_in_python(loop, step, task);
        goto done;
    }
    now = PyObject_CallNoArgs(OF(loop, in_loop.time));
    site = PyObject_CallNoArgs(OF(loop, in_loop.caller));
    if (now == NULL || site == NULL)
        goto done;
    PyObject *about[] = {now,  PyTuple_GetItem(found, 0), PyTuple_GetItem(found, 1), parent,
                         site, OF(loop, in_loop.number)};
    row = PyObject_Vectorcall(OF(loop, in_loop.add), about, 6, NULL);
    key = identity(task);
    if (row == NULL || key == NULL || PyDict_SetItem(OF(loop, in_loop.steps), key, step) < 0)
        goto done;
    if (OF(running, makers->task) != Py_None) {
        if (PyList_Append(OF(loop, in_loop.fresh), task) < 0)
            goto done;
        put(loop, in_loop.unusual, Py_True);
    }
    put(step, at->row, row);
    put(step, at->task, task);
    put(step, at->since, now);
    put(step, at->ready, now);
    put(step, at->scheduled, Py_True);
    put(step, at->wait, none);
    put(step, at->waker, parent);
    seen = 1;
done:
    Py_XDECREF(coroutine);
    Py_XDECREF(found);
    Py_XDECREF(now);
    Py_XDECREF(site);
    Py_XDECREF(key);
    Py_XDECREF(row);
    Py_XDECREF(parent);
    Py_DECREF(running);
    return seen;
}

/* The twin of `WaitBook.unseen`. */
static PyObject *unseen(PyObject *waits, PyObject *waker)
{
    PyObject *known = PyObject_GetAttr(waits, str__unseen);
    PyObject *actor = PyLong_AsLong(waker) < 0 ? waker : any_task;
    PyObject *row = known == NULL ? NULL : Py_XNewRef(PyDict_GetItemWithError(known, actor));
    Py_XDECREF(known);
    if (row == NULL)
        return PyErr_Occurred() ? NULL : PyObject_CallMethodOneArg(waits, str_unseen, waker);
    PyObject *count = PyObject_GetAttr(waits, str_unseen_waits);
    PyObject *more = count == NULL ? NULL : PyLong_FromLong(PyLong_AsLong(count) + 1);
    if (more == NULL || PyObject_SetAttr(waits, str_unseen_waits, more) < 0)
        Py_CLEAR(row);
    Py_XDECREF(count);
    Py_XDECREF(more);
    return row;
}

/* Whether a loop is running in this thread. The loop itself is asked when this is its thread: Python 3.11 asks the
   system for the number of the process each time that it is asked for the running loop. */
static int is_in_loop(PyObject *loop, PyObject *own_loop, const StepSlots *at)
{
    PyObject *runs;
    if (PyLong_AsUnsignedLong(OF(loop, in_loop.ident)) != PyThread_get_thread_ident())
        runs = PyObject_CallNoArgs(running_loop);
    else if (at == &in_handle)
        runs = PyObject_GetAttr(own_loop, str__thread_id);
    else
        runs = PyObject_CallMethodNoArgs(own_loop, str_is_running);
    Py_XDECREF(runs);
    return runs == NULL ? -1 : runs != Py_None && runs != Py_False;
}

/* On whose behalf the task that becomes ready is woken. */
static PyObject *waker_of(PyObject *loop, PyObject *own_loop, const StepSlots *at)
{
    PyObject *running = OF(loop, in_loop.running);
    const StepSlots *wakers = slots_of(running);
    if (wakers != NULL)
        return get(running, wakers->row);
    if (running == OF(loop, in_loop.idle)) {
        int runs = is_in_loop(loop, own_loop, at);
        if (runs <= 0)
            return runs < 0 ? NULL : Py_NewRef(program);
    }
    return PyObject_GetAttr(running, str_row);
}

static PyObject *reason(PyObject *loop, PyObject *step, double ready, double since, PyObject *waker, PyObject *future)
{
    if (ready - since <= PyFloat_AsDouble(OF(loop, in_loop.brief)))
        return Py_NewRef(brief);
    PyObject *waits = OF(loop, in_loop.waits);
    PyObject *closed = PyObject_GetAttr(waits, str_closed_until_s);
    if (closed == NULL)
        return NULL;
    double until = PyFloat_AsDouble(closed);
    Py_DECREF(closed);
    if (ready < until && !PyDict_GET_SIZE(OF(loop, in_loop.watch)))
        return unseen(waits, waker);
    PyObject *args[] = {loop, step, waker, future};
    return PyObject_VectorcallMethod(str_reason, args, 4, NULL);
}

static int woken(
    PyObject *loop, PyObject *own_loop, PyObject *step, const StepSlots *at, PyObject *task, PyObject *future)
{
    int result = -1;
    PyObject *waker = waker_of(loop, own_loop, at), *ready = NULL, *wait = NULL, *cancelled = NULL;
    put(step, at->task, task);
    put(step, at->scheduled, Py_True);
    if (waker == NULL)
        goto done;
    put(step, at->waker, waker);
    ready = PyObject_CallNoArgs(OF(loop, in_loop.time));
    if (ready == NULL)
        goto done;
    double now = PyFloat_AsDouble(ready), since = PyFloat_AsDouble(OF(step, at->since));
    if (PyLong_AsLong(waker) == timer_number) {
        double due = PyFloat_AsDouble(OF(loop, in_loop.due));
        if (since < due && due < now) {
            Py_SETREF(ready, Py_NewRef(OF(loop, in_loop.due)));
            now = due;
        }
    }
    put(step, at->ready, ready);
    wait = reason(loop, step, now, since, waker, future);
    if (wait == NULL)
        goto done;
    put(step, at->wait, wait);
    cancelled = PyObject_CallMethodNoArgs(future, str_cancelled);
    if (cancelled == Py_False && Py_TYPE(future) == gathering)
        Py_SETREF(cancelled, PyObject_CallOneArg(gave_up, future));
    if (cancelled == NULL)
        goto done;
    result = cancelled == Py_False ? 0 : call_for_nothing(loop, str_cancelled, OF(step, at->row), task, future);
done:
    Py_XDECREF(waker);
    Py_XDECREF(ready);
    Py_XDECREF(wait);
    Py_XDECREF(cancelled);
    return result;
}

/* The task of whose step or wake-up a callback is the method, as a reference of the caller's own. */
static PyObject *task_of(PyObject *callback) { return PyObject_GetAttr(callback, str___self__); }

/* What serves a task that its own step schedules again, or that a future wakes; None when that is for Python to see
   to. */
static PyObject *known_step(
    PyObject *loop, PyObject *own_loop, const StepSlots *at, PyObject *callback, PyObject *args)
{
    PyObject *step = Py_None, *task = task_of(callback), *key = NULL, *known = NULL, *waiter = NULL;
    if (task == NULL)
        return NULL;
    if (Py_TYPE(callback) == step_callback) {
        PyObject *running = OF(loop, in_loop.running);
        if (Py_TYPE(running) == at->type && OF(running, at->task) == task) {
            step = running;
            put(step, at->scheduled, Py_True);
            put(step, at->wait, yield_);
            put(step, at->waker, OF(step, at->row));
        }
    } else if (PyTuple_GET_SIZE(args)) {
        key = identity(task);
        known = key == NULL ? NULL : Py_XNewRef(PyDict_GetItemWithError(OF(loop, in_loop.steps), key));
        if (known == NULL) {
            if (PyErr_Occurred())
                step = NULL;
        } else if (Py_TYPE(known) == at->type) {
            waiter = PyObject_GetAttr(task, str__fut_waiter);
            if (waiter == NULL)
                step = NULL;
            else if (waiter == PyTuple_GET_ITEM(args, 0))
                step = woken(loop, own_loop, known, at, task, waiter) < 0 ? NULL : known;
        }
    }
    Py_XINCREF(step);
    if (step != NULL && step != Py_None) {
        put(step, at->_callback, callback);
        put(step, at->_args, args);
    }
    Py_DECREF(task);
    Py_XDECREF(key);
    Py_XDECREF(known);
    Py_XDECREF(waiter);
    return step;
}

/* A new step that serves the task of `callback`, or None when that is to be left out; takes `step` over. */
static PyObject *begun(PyObject *loop, PyObject *step, const StepSlots *at, PyObject *callback, PyObject *enter)
{
    PyObject *task = step == NULL || enter == NULL ? NULL : task_of(callback);
    if (task != NULL) {
        put(step, at->enter, enter);
        put(step, at->loop, loop);
        put(step, at->row, none);
        put(step, at->started, none);
    }
    int seen = task == NULL ? -1 : first_step(loop, step, at, task);
    Py_XDECREF(task);
    if (seen > 0)
        return step;
    Py_XDECREF(step);
    return seen < 0 ? NULL : Py_NewRef(Py_None);
}

/* On whose behalf a callback is going to run that is handed to `own_loop` now. */
static PyObject *cause_of(PyObject *loop, PyObject *own_loop)
{
    PyObject *running = OF(loop, in_loop.running);
    int is_here = PyLong_AsUnsignedLong(OF(loop, in_loop.ident)) == PyThread_get_thread_ident();
    if (running == OF(loop, in_loop.idle) || !is_here)
        return PyObject_CallMethodOneArg(loop, str_cause, own_loop);
    const StepSlots *causes = slots_of(running);
    return causes == NULL ? PyObject_GetAttr(running, str_row) : get(running, causes->row);
}

/* The twin of `asyncio_loops._begun`. */
static PyObject *new_handle(PyTypeObject *type, PyObject *const *given)
{
    PyObject *own_loop = given[0], *callback = given[2], *args = given[3];
    PyObject *context = given[4] == Py_None ? PyContext_CopyCurrent() : Py_NewRef(given[4]);
    PyObject *handle = context == NULL ? NULL : type->tp_alloc(type, 0);
    if (handle == NULL) {
        Py_XDECREF(context);
        return NULL;
    }
    put(handle, of_handle._callback, callback);
    put(handle, of_handle._args, args);
    put(handle, of_handle._loop, own_loop);
    give(handle, of_handle._context, context);
    put(handle, of_handle._cancelled, Py_False);
    put(handle, of_handle._repr, Py_None);
    put(handle, of_handle._source_traceback, Py_None);
    return handle;
}

/* handle(own_loop, loop, callback, args, context): the handle for a callback of an asyncio loop that is not in debug
   mode; None when that is for Python to see to. */
static PyObject *handle(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t number)
{
    if (number != 5)
        return PyErr_Format(PyExc_TypeError, "5 arguments, not %zd", number);
    PyObject *loop = given[1], *callback = given[2], *args = given[3], *made;
    PyTypeObject *kind = Py_TYPE(callback);
    if (kind == step_callback || kind == &PyCFunction_Type) {
        made = known_step(loop, given[0], &in_handle, callback, args);
        if (made != Py_None || kind != step_callback || OF(loop, in_loop.first_turn) != Py_None)
            return made;
        Py_DECREF(made);
        made = new_handle(in_handle.type, given);
        PyObject *enter = made == NULL ? NULL : PyObject_GetAttr(OF(made, of_handle._context), str_run);
        made = begun(loop, made, &in_handle, callback, enter);
        Py_XDECREF(enter);
        return made;
    }
    if (kind != &PyFunction_Type)
        return Py_NewRef(Py_None);
    PyObject *row = cause_of(loop, given[0]);
    made = row == NULL ? NULL : new_handle(in_callback_handle.type, given);
    if (made != NULL) {
        put(made, in_callback_handle.loop, loop);
        put(made, in_callback_handle.row, row);
    }
    Py_XDECREF(row);
    return made;
}

/* What a uvloop that is not in debug mode is to call instead of a callback; None when that is for Python to see to. */
static PyObject *callback_for(PyObject *own_loop, PyObject *loop, PyObject *wrapped, PyObject *args)
{
    PyObject *made;
    PyTypeObject *kind = Py_TYPE(wrapped);
    if (kind == step_callback || kind == &PyCFunction_Type) {
        made = known_step(loop, own_loop, &in_uvloops, wrapped, args);
        if (made != Py_None || kind != step_callback || OF(loop, in_loop.first_turn) != Py_None)
            return made;
        Py_DECREF(made);
        made = in_uvloops.type->tp_alloc(in_uvloops.type, 0);
        if (made != NULL) {
            put(made, in_uvloops._callback, wrapped);
            put(made, in_uvloops._args, args);
        }
        return begun(loop, made, &in_uvloops, wrapped, call);
    }
    if (kind != &PyFunction_Type)
        return Py_NewRef(Py_None);
    PyObject *row = cause_of(loop, own_loop);
    made = row == NULL ? NULL : in_uvloops_callback.type->tp_alloc(in_uvloops_callback.type, 0);
    if (made != NULL) {
        put(made, in_uvloops_callback._callback, wrapped);
        put(made, in_uvloops_callback.loop, loop);
        put(made, in_uvloops_callback.row, row);
    }
    Py_XDECREF(row);
    return made;
}

/* call_soon(original, own_loop, loop, callback, args, context): schedules a callback on a uvloop that is not in debug
   mode; gives the handle, or None when that is for Python to see to. */
static PyObject *call_soon(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t number)
{
    enum { MOST = 4 };
    if (number != 6)
        return PyErr_Format(PyExc_TypeError, "6 arguments, not %zd", number);
    PyObject *own_loop = given[1], *args = given[4], *served = callback_for(own_loop, given[2], given[3], args);
    Py_ssize_t count = PyTuple_GET_SIZE(args);
    if (served == NULL && fail(given[2]) < 0)
        return NULL;
    if (served == NULL || served == Py_None || count > MOST) {
        Py_XDECREF(served);
        Py_RETURN_NONE;
    }
    PyObject *passed[2 + MOST + 1] = {own_loop, served};
    Py_ssize_t last = 2;
    if (Py_TYPE(served) != in_uvloops.type)
        for (Py_ssize_t place = 0; place < count; place++)
            passed[last++] = PyTuple_GET_ITEM(args, place);
    passed[last] = given[5];
    PyObject *scheduled = PyObject_Vectorcall(given[0], passed, last, with_context);
    Py_DECREF(served);
    return scheduled;
}

/* Learning where the slots are */

static int learn(PyObject *type, const char *name, Slot *slot)
{
    PyObject *described = PyObject_GetAttrString(type, name);
    if (described == NULL)
        return -1;
    int is_slot = Py_IS_TYPE(described, &PyMemberDescr_Type);
    if (is_slot)
        *slot = ((PyMemberDescrObject *)described)->d_member->offset;
    else
        PyErr_Format(PyExc_TypeError, "%s is no slot", name);
    Py_DECREF(described);
    return is_slot ? 0 : -1;
}

#define LEARN(name) || learn(type, #name, &slots->name) < 0

static int learn_step(PyObject *type, StepSlots *slots)
{
    if (0 STEP_SLOTS(LEARN))
        return -1;
    slots->type = (PyTypeObject *)Py_NewRef(type);
    return 0;
}

static int learn_callback(PyObject *type, CallbackSlots *slots)
{
    if (0 CALLBACK_SLOTS(LEARN))
        return -1;
    slots->type = (PyTypeObject *)Py_NewRef(type);
    return 0;
}

static int learn_handle(PyObject *type, HandleSlots *slots) { return 0 HANDLE_SLOTS(LEARN) ? -1 : 0; }

static int learn_loop(PyObject *type, LoopSlots *slots) { return 0 LOOP_SLOTS(LEARN) ? -1 : 0; }

static PyObject *from(const char *module, const char *name)
{
    PyObject *imported = PyImport_ImportModule(module);
    PyObject *value = imported == NULL ? NULL : PyObject_GetAttrString(imported, name);
    Py_XDECREF(imported);
    return value;
}

/* learn_loops(LoopRecorder, timer, program, returned, step_size, end_size): the recorder of a loop, the actors and the
   outcome that have a meaning here, and how many bytes a row of steps and one of ends take. */
static PyObject *learn_loops(PyObject *Py_UNUSED(module), PyObject *given)
{
    PyObject *type;
    if (!PyArg_ParseTuple(given, "OO!O!lll", &type, &PyLong_Type, &timer, &PyLong_Type, &program, &returned_number,
                          &row_size, &end_size) ||
        learn_loop(type, &in_loop) < 0)
        return NULL;
    Py_INCREF(timer);
    Py_INCREF(program);
    timer_number = PyLong_AsLong(timer);
    step_callback = (PyTypeObject *)from("asyncdemo.recorder.asyncio_names", "STEP_CALLBACK");
    gathering = (PyTypeObject *)from("asyncdemo.recorder.asyncio_names", "GATHERING");
    gave_up = from("asyncdemo.recorder.asyncio_names", "gave_up");
    running_loop = from("asyncio", "_get_running_loop");
    call = from("operator", "call");
    none = from("asyncdemo.trace", "NONE");
    brief = from("asyncdemo.recorder.awaits", "BRIEF");
    yield_ = from("asyncdemo.recorder.awaits", "YIELD");
    any_task = from("asyncdemo.recorder.awaits", "ANY_TASK");
    with_context = Py_BuildValue("(N)", PyUnicode_InternFromString("context"));
    if (PyErr_Occurred())
        return NULL;
    Py_RETURN_NONE;
}

/* learn_handles(step, callback): the handles of asyncio's loops. */
static PyObject *learn_handles(PyObject *Py_UNUSED(module), PyObject *given)
{
    PyObject *step, *other;
    if (!PyArg_ParseTuple(given, "OO", &step, &other) || learn_step(step, &in_handle) < 0 ||
        learn_handle(step, &of_handle) < 0 || learn_callback(other, &in_callback_handle) < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* learn_callbacks(step, callback): what is called by uvloop's. */
static PyObject *learn_callbacks(PyObject *Py_UNUSED(module), PyObject *given)
{
    PyObject *step, *other;
    if (!PyArg_ParseTuple(given, "OO", &step, &other) || learn_step(step, &in_uvloops) < 0 ||
        learn_callback(other, &in_uvloops_callback) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"run", run, METH_O, "Run a step."},
    {"handle", (PyCFunction)(void (*)(void))handle, METH_FASTCALL, "The handle for a callback on an asyncio loop."},
    {"call_soon", (PyCFunction)(void (*)(void))call_soon, METH_FASTCALL, "Schedule a callback on a uvloop."},
    {"learn_loops", learn_loops, METH_VARARGS, "Learn where the slots of a loop's recorder are."},
    {"learn_handles", learn_handles, METH_VARARGS, "Learn where the slots of the handles of asyncio's loops are."},
    {"learn_callbacks", learn_callbacks, METH_VARARGS, "Learn where the slots of the callbacks of uvloop's loops are."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "asyncdemo.recorder._steps", "The hot path of the recorder, compiled.", -1, functions,
    NULL, NULL, NULL, NULL,
};

#define INTERN(name) || (str_##name = PyUnicode_InternFromString(#name)) == NULL

PyMODINIT_FUNC PyInit__steps(void)
{
    if (0 NAMES(INTERN))
        return NULL;
    return PyModule_Create(&definition);
}
