/* The hot path of the recorder, compiled: the same as its twins in Python, on the same objects.

   What a step costs is paid hundreds of thousands of times by a program that does little else, and an interpreter needs
   two thousand bytecodes for what one request of a web server takes. So this does what `steps.run_step`,
   `LoopRecorder.first_step`, `LoopRecorder.woken` and both loops' `call_soon` do where nothing is unusual, and calls
   those where anything is. It has no state of its own: it reads and writes the slots of the classes in Python, of which
   it learns at import where they lie. Times, rows and flags lie there as machine numbers (`numbers`), which need no
   objects made and looked into. Each function names its twin, which says why things are as they are. Where there is no
   compiler, the twins do it all. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#include <string.h>
#ifdef __linux__
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#endif

/* Slots of the classes in Python: objects, and times, numbers and flags as machine numbers */

typedef Py_ssize_t Slot;

#define LOOP_SLOTS(object, real, integer, flag)                                                                        \
    object(add) object(caller) object(callers) object(chunk) object(coroutine) object(cut) object(expected)           \
    object(first_turn) object(fresh) object(ident) object(idle) object(known) object(named_late) object(recorder)     \
    object(running) object(steps) object(tasks) object(thread_time) object(time) object(waits) object(watch)          \
    real(brief) real(busy_since) real(due) real(stall) integer(number) integer(offset)                                  \
    flag(chooses) flag(debug) flag(overridden) flag(unusual)
#define STEP_SLOTS(object, real, integer, flag)                                                                        \
    object(_args) object(_callback) object(loop) object(task)                                                         \
    real(ready) real(since) real(started) integer(row) integer(wait) integer(waker) flag(scheduled)
#define NO_STEP_SLOTS(object, real, integer, flag) integer(row)
#define CALLBACK_SLOTS(object, real, integer, flag) object(_callback) object(loop) integer(row)
#define TIMER_SLOTS(object, real, integer, flag) object(_callback) object(loop) integer(row) real(due)
#define HANDLE_SLOTS(object, real, integer, flag)                                                                      \
    object(_args) object(_callback) object(_cancelled) object(_context) object(_loop) object(_repr)                   \
    object(_source_traceback)
#define TASKS_SLOTS(object, real, integer, flag)                                                                       \
    object(_rows) object(births) object(cancelled) object(ends) object(finished) object(names) integer(count)
#define WAITS_SLOTS(object, real, integer, flag)                                                                       \
    object(shortcuts) object(unseen_rows) real(closed_until_s) integer(unseen_waits)
#define CALLERS_SLOTS(object, real, integer, flag)                                                                     \
    object(_callee) object(_code) integer(_depth) integer(_instruction) integer(_last_site)

#define THREAD_SLOTS(object, real, integer, flag)                                                                     \
    real(at) real(ran) real(computed) real(read_at) real(computed_then) real(queued) integer(thread)

#define DECLARE(name) Slot name;
#define CLASS(slots) { PyTypeObject *type; slots(DECLARE, DECLARE, DECLARE, DECLARE) }

typedef struct CLASS(LOOP_SLOTS) LoopSlots;
typedef struct CLASS(STEP_SLOTS) StepSlots;
typedef struct CLASS(NO_STEP_SLOTS) NoStepSlots;
typedef struct CLASS(CALLBACK_SLOTS) CallbackSlots;
typedef struct CLASS(TIMER_SLOTS) TimerSlots;
typedef struct CLASS(HANDLE_SLOTS) HandleSlots;
typedef struct CLASS(TASKS_SLOTS) TasksSlots;
typedef struct CLASS(WAITS_SLOTS) WaitsSlots;
typedef struct CLASS(CALLERS_SLOTS) CallersSlots;
typedef struct CLASS(THREAD_SLOTS) ThreadSlots;

static LoopSlots in_loop;
/* The steps of asyncio's loops are handles, those of uvloop's are called by its own. */
static StepSlots in_handle, in_call;
static NoStepSlots in_no_step;
static CallbackSlots in_callback_handle, in_callback;
static TimerSlots in_timer;
static HandleSlots of_handle;
static TasksSlots in_tasks;
static WaitsSlots in_waits;
static CallersSlots in_callers;
static ThreadSlots in_thread;

static PyTypeObject *step_callback, *gathering;
static PyObject *running_loop, *gave_up, *real_time;
static int none, brief, yield_, any_task, timer, program, has_returned;

#define NAMES(each)                                                                                                   \
    each(__self__) each(_asyncdemo) each(_closed) each(_debug) each(_exception) each(_fut_waiter) each(_grow)         \
    each(_must_cancel) each(_ready) each(_thread_id) each(append) each(cancelled) each(cause) each(context)            \
    each(cr_await) each(cr_frame) each(done)                                                                          \
    each(escaped) each(fail) each(first_step) each(get_coro) each(get_name) each(is_running) each(keep_mark)          \
    each(next_chunk) each(reason) each(resuming) each(row) each(unseen)
#define DECLARE_NAME(name) static PyObject *str_##name;
NAMES(DECLARE_NAME)

#define OF(object, slot) (*(PyObject **)((char *)(object) + (slot)))
#define REAL(object, slot) (*(double *)((char *)(object) + (slot)))
#define NUMBER(object, slot) (*(int *)((char *)(object) + (slot)))
#define FLAG(object, slot) (*((char *)(object) + (slot)))

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
    return Py_TYPE(object) == in_call.type ? &in_call : NULL;
}

static inline PyObject *identity(PyObject *object) { return PyLong_FromVoidPtr(object); }

/* What `table`, a dictionary by identity, has for an object; borrowed, NULL without an error when it has nothing. */
static PyObject *by_identity(PyObject *table, PyObject *object)
{
    PyObject *key = identity(object);
    PyObject *found = key == NULL ? NULL : PyDict_GetItemWithError(table, key);
    Py_XDECREF(key);
    return found;
}

/* Asking tasks and futures: those of asyncio's own compiled types without looking for the method first */

#define METHODS(each) each(cancelled) each(done) each(get_coro) each(get_name)
#define FIELDS(each) each(_exception) each(_fut_waiter) each(_must_cancel)
#define DECLARE_METHOD(name) PyCFunction name;
#define DECLARE_FIELD(name) PyGetSetDef *name;
typedef struct { PyTypeObject *type; METHODS(DECLARE_METHOD) FIELDS(DECLARE_FIELD) } Asked;

static Asked of_task, of_future;
static PyGetSetDef *step_callbacks_self;
static PyTypeObject *deque;
static PyCFunction deque_append;

static inline const Asked *asked_of(PyObject *object)
{
    static const Asked nothing;
    return Py_TYPE(object) == of_task.type ? &of_task : Py_TYPE(object) == of_future.type ? &of_future : &nothing;
}

static inline PyObject *ask(PyObject *object, PyCFunction method, PyObject *name)
{
    return method != NULL ? method(object, NULL) : PyObject_CallMethodNoArgs(object, name);
}

static inline PyObject *look(PyObject *object, const PyGetSetDef *field, PyObject *name)
{
    return field != NULL ? field->get(object, field->closure) : PyObject_GetAttr(object, name);
}

#define ASK(object, name) ask(object, asked_of(object)->name, str_##name)
#define LOOK(object, name) look(object, asked_of(object)->name, str_##name)

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

/* -1 when a call gave an error, else 0. */
static inline int over(PyObject *result)
{
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

static inline int broken(PyObject *kind, const char *what)
{
    PyErr_SetString(kind, what);
    return -1;
}

/* Switches the recorder off for the `Exception` that is raised; another error stays raised, and gives -1. */
static int fail(PyObject *loop)
{
    if (!PyErr_ExceptionMatches(PyExc_Exception))
        return -1;
    PyObject *error = take_error();
    int result = over(PyObject_CallMethodOneArg(OF(loop, in_loop.recorder), str_fail, error));
    Py_DECREF(error);
    return result;
}

/* Time */

static inline double seconds(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyTime_t now;
    (void)PyTime_PerfCounterRaw(&now);
    return (double)now / 1e9;
#else
    return (double)_PyTime_GetPerfCounter() / 1e9;
#endif
}

/* The loop's time in seconds; negative with an error. */
static double now(PyObject *loop)
{
    PyObject *time = OF(loop, in_loop.time);
    if (time == real_time)
        return seconds();
    PyObject *told = PyObject_CallNoArgs(time);
    double value = told == NULL ? -1 : PyFloat_AsDouble(told);
    Py_XDECREF(told);
    return value;
}

static inline int failed(double time) { return time < 0 && PyErr_Occurred(); }

/* Rows as the tables have them */

typedef struct { double ready, start, end; int task, wait, waker, filler; } StepRow;
typedef struct { double created; int coro, defined, parent, site, loop, filler; } BirthRow;
typedef struct { double started, ended; int outcome, filler; } EndRow;

/* Writes a row to where it belongs in a bytearray. */
static int write_row(PyObject *rows, Py_ssize_t place, const void *row, Py_ssize_t size)
{
    if (rows == NULL || !PyByteArray_CheckExact(rows) || place < 0 || place + size > PyByteArray_GET_SIZE(rows))
        return broken(PyExc_IndexError, "a row has no place in its table");
    memcpy(PyByteArray_AS_STRING(rows) + place, row, size);
    return 0;
}

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
    if (PyList_SetSlice(fresh, 0, PyList_GET_SIZE(fresh), NULL) < 0)
        return -1;
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
    PyObject *key = identity(task);
    int known = key == NULL ? -1 : PyDict_DelItem(OF(loop, in_loop.steps), key);
    Py_XDECREF(key);
    PyObject *name = known < 0 ? NULL : ASK(task, get_name);
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

/* Calls a step's callback in its context, which uvloop's own handle has entered already. */
static PyObject *entered(PyObject *step, const StepSlots *at, PyObject *callback, PyObject *args)
{
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
    PyObject *result = entered(step, at, callback, args);
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
    PyObject *told = PyObject_GetAttr(running, str_row);
    *row = told == NULL ? 0 : (int)PyLong_AsLong(told);
    Py_XDECREF(told);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *code_of(PyObject *coroutine)
{
#if PY_VERSION_HEX >= 0x030C0000
    PyObject *code = (PyObject *)PyGen_GetCode((PyGenObject *)coroutine);
    Py_DECREF(code); /* the coroutine keeps it */
    return code;
#else
    return (PyObject *)((PyCoroObject *)coroutine)->cr_code;
#endif
}

/* The twin of `CoroutineBook.of`: 1 when it is known, 0 when Python is to see to it. */
static int named(PyObject *loop, PyObject *coroutine, int *coro, int *defined)
{
    if (!PyCoro_CheckExact(coroutine))
        return 0;
    PyObject *found = by_identity(OF(loop, in_loop.known), code_of(coroutine));
    if (found == NULL)
        return PyErr_Occurred() ? -1 : 0;
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
    PyObject *told = PyObject_CallNoArgs(OF(loop, in_loop.caller));
    *site = told == NULL ? 0 : (int)PyLong_AsLong(told);
    Py_XDECREF(told);
    return PyErr_Occurred() ? -1 : 0;
}

/* The twin of `TaskRows.add`; another class of tables adds in its own way. */
static int add(PyObject *loop, const BirthRow *row, int *place)
{
    PyObject *tasks = OF(loop, in_loop.tasks), *told;
    if (Py_TYPE(tasks) != in_tasks.type) {
        told = PyObject_CallFunction(OF(loop, in_loop.add), "diiiii", row->created, row->coro, row->defined,
                                     row->parent, row->site, row->loop);
    } else {
        told = PyIter_Next(OF(tasks, in_tasks._rows));
    }
    *place = told == NULL ? 0 : (int)PyLong_AsLong(told);
    Py_XDECREF(told);
    if (told == NULL || Py_TYPE(tasks) != in_tasks.type)
        return told == NULL ? -1 : 0;
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
    const StepSlots *maker = slots_of(running);
    if (maker == NULL || FLAG(loop, in_loop.chooses) || OF(loop, in_loop.first_turn) != Py_None ||
        OF(loop, in_loop.expected) != Py_None || PyDict_GET_SIZE(OF(loop, in_loop.watch)))
        return first_step_in_python(loop, step, task);
    int parent = NUMBER(running, maker->row), row, in_step = OF(running, maker->task) != Py_None;
    BirthRow birth = {0, 0, 0, parent, 0, NUMBER(loop, in_loop.number), 0};
    PyObject *coroutine = ASK(task, get_coro);
    int known = coroutine == NULL ? -1 : named(loop, coroutine, &birth.coro, &birth.defined);
    Py_XDECREF(coroutine);
    if (known <= 0)
        return known < 0 ? -1 : first_step_in_python(loop, step, task);
    birth.created = now(loop);
    if (failed(birth.created) || site_of_caller(loop, &birth.site) < 0 || add(loop, &birth, &row) < 0)
        return -1;
    PyObject *key = identity(task);
    int kept = key == NULL ? -1 : PyDict_SetItem(OF(loop, in_loop.steps), key, step);
    Py_XDECREF(key);
    if (kept < 0)
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
    NUMBER(step, at->waker) = parent;
    FLAG(step, at->scheduled) = 1;
    return 1;
}

static int as_row(PyObject *told, int *row)
{
    *row = told == NULL ? 0 : (int)PyLong_AsLong(told);
    Py_XDECREF(told);
    return PyErr_Occurred() ? -1 : 0;
}

/* The twin of `WaitBook.unseen`. */
static int unseen(PyObject *waits, int waker, int *wait)
{
    PyObject *actor = PyLong_FromLong(waker < 0 ? waker : any_task);
    PyObject *row = actor == NULL ? NULL : PyDict_GetItemWithError(OF(waits, in_waits.unseen_rows), actor);
    Py_XDECREF(actor);
    if (row == NULL) {
        if (PyErr_Occurred())
            return -1;
        actor = PyLong_FromLong(waker);
        row = actor == NULL ? NULL : PyObject_CallMethodOneArg(waits, str_unseen, actor);
        Py_XDECREF(actor);
        return as_row(row, wait);
    }
    NUMBER(waits, in_waits.unseen_waits)++;
    return as_row(Py_NewRef(row), wait);
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

/* Shortcuts: the rows of waits that a chain of awaits alone tells, by the codes in it and by where the one is whose line
   is told. They lie in a bytearray of the `WaitBook`, which also keeps the codes. */

enum { DEEPEST = 12, SHORTCUTS = 256, WAYS = 4 };

typedef struct {
    int depth, own, instruction, row;
    PyObject *codes[DEEPEST];
} Shortcut;

static PyGetSetDef *awaited_by, *frame_of;
static PyTypeObject *future_iterator;

/* Where a coroutine has come to: the instruction, or -1. */
static int instruction_of(PyObject *coroutine)
{
    PyObject *frame = look(coroutine, frame_of, str_cr_frame);
    int instruction = frame != NULL && PyFrame_Check(frame) ? PyFrame_GetLasti((PyFrameObject *)frame) : -1;
    Py_XDECREF(frame);
    return instruction;
}

/* Follows a chain of nothing but coroutines down to a future. Fills in the codes and, for the coroutine at depth
   `own`, where it is; the depth is 0 when it is another chain. */
static void follow(PyObject *coroutine, Shortcut *found)
{
    PyObject *link = Py_NewRef(coroutine);
    found->depth = 0;
    while (link != NULL && PyCoro_CheckExact(link) && found->depth < DEEPEST) {
        found->codes[found->depth++] = code_of(link);
        Py_SETREF(link, look(link, awaited_by, str_cr_await));
    }
    if (link == NULL || (link != Py_None && Py_TYPE(link) != future_iterator))
        found->depth = 0;
    PyErr_Clear();
    Py_XDECREF(link);
}

/* The first of the places where the shortcuts of a chain may lie; NULL when there is none. */
static Shortcut *places_of(PyObject *shortcuts, const Shortcut *found)
{
    size_t hash = 0;
    if (!found->depth || !PyByteArray_CheckExact(shortcuts) ||
        PyByteArray_GET_SIZE(shortcuts) != SHORTCUTS * (Py_ssize_t)sizeof(Shortcut))
        return NULL;
    for (int each = 0; each < found->depth; each++)
        hash = (hash ^ ((size_t)found->codes[each] >> 4)) * 0x9E3779B97F4A7C15u;
    return (Shortcut *)PyByteArray_AS_STRING(shortcuts) + (hash >> 32) % (SHORTCUTS / WAYS) * WAYS;
}

static int is_same_chain(const Shortcut *known, const Shortcut *found)
{
    return known->depth == found->depth && !memcmp(known->codes, found->codes, found->depth * sizeof *found->codes);
}

/* The coroutine at a depth of a chain, as a reference of the caller's own. */
static PyObject *link_at(PyObject *coroutine, int depth)
{
    PyObject *link = Py_NewRef(coroutine);
    while (link != NULL && depth-- > 0)
        Py_SETREF(link, look(link, awaited_by, str_cr_await));
    return link;
}

static int instruction_at(PyObject *coroutine, int depth)
{
    PyObject *link = depth < 0 ? NULL : link_at(coroutine, depth);
    int instruction = link == NULL ? -1 : instruction_of(link);
    Py_XDECREF(link);
    PyErr_Clear();
    return instruction;
}

/* The row of what a coroutine waits for, when that was remembered, or -1. */
static int remembered(PyObject *waits, PyObject *coroutine)
{
    Shortcut found;
    follow(coroutine, &found);
    const Shortcut *known = places_of(OF(waits, in_waits.shortcuts), &found);
    int looked = 0;
    for (int way = 0; known != NULL && way < WAYS; way++, known++) {
        if (!is_same_chain(known, &found))
            continue;
        if (!looked++) /* all of one chain have the same `own` */
            found.instruction = instruction_at(coroutine, known->own);
        if (known->instruction == found.instruction)
            return known->row;
    }
    return -1;
}

/* remember(waits, coroutine, own, row): from now on a coroutine that is suspended like this one waits for what `row`
   says; the line that is told is that of the link at depth `own`, or of none when it is negative. */
static PyObject *remember(PyObject *Py_UNUSED(module), PyObject *given)
{
    PyObject *waits, *coroutine;
    Shortcut found;
    if (!PyArg_ParseTuple(given, "O!Oii", in_waits.type, &waits, &coroutine, &found.own, &found.row))
        return NULL;
    follow(coroutine, &found);
    found.instruction = found.depth ? instruction_at(coroutine, found.own) : -1;
    Shortcut *place = places_of(OF(waits, in_waits.shortcuts), &found);
    if (place != NULL) {
        int way = 0;
        while (way < WAYS && place[way].depth &&
               !(is_same_chain(place + way, &found) && place[way].instruction == found.instruction))
            way++;
        place[way < WAYS ? way : found.instruction / 2 % WAYS] = found;
    }
    Py_RETURN_NONE;
}

static int reason(PyObject *loop, PyObject *step, const StepSlots *at, PyObject *task, PyObject *future)
{
    double ready = REAL(step, at->ready);
    int waker = NUMBER(step, at->waker), *wait = &NUMBER(step, at->wait);
    if (ready - REAL(step, at->since) <= REAL(loop, in_loop.brief)) {
        *wait = brief;
        return 0;
    }
    PyObject *waits = OF(loop, in_loop.waits);
    if (!PyDict_GET_SIZE(OF(loop, in_loop.watch))) {
        PyObject *coroutine = ASK(task, get_coro);
        *wait = coroutine == NULL ? -1 : remembered(waits, coroutine);
        Py_XDECREF(coroutine);
        if (coroutine == NULL || *wait >= 0)
            return coroutine == NULL ? -1 : 0;
        if (ready < REAL(waits, in_waits.closed_until_s))
            return unseen(waits, waker, wait);
    }
    return as_row(PyObject_CallMethod(loop, "reason", "OiO", step, waker, future), wait);
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
    return PyObject_GetAttr(callback, str___self__);
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
        PyObject *known = by_identity(OF(loop, in_loop.steps), task);
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

static PyObject *new_handle(PyTypeObject *type, PyObject *own_loop, PyObject *callback, PyObject *args, PyObject *context)
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
    REAL(step, at->started) = none;
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
    int is_here = PyLong_AsUnsignedLong(OF(loop, in_loop.ident)) == PyThread_get_thread_ident();
    if (running == OF(loop, in_loop.idle) || !is_here)
        return as_row(PyObject_CallMethodOneArg(loop, str_cause, own_loop), cause);
    return row_of(running, cause);
}

static inline int is_task(PyObject *callback)
{
    return Py_TYPE(callback) == step_callback || Py_TYPE(callback) == &PyCFunction_Type;
}

/* Methods of loops: the twins of both loops' `call_soon` and of uvloop's `call_later` */

/* Stands before a method in Python, of which it does what is done most: it shows itself as that, and calls it wherever
   anything is unusual. */
typedef struct Front {
    PyObject_HEAD
    /* 1 when `result` is what the program gets, be it an error; 0 when Python is to see to it; -1 for a fault. */
    int (*usual)(struct Front *, PyObject *loop, PyObject *const *given, Py_ssize_t number, PyObject *context,
                 PyObject **result);
    PyObject *method, *original;
    vectorcallfunc call;
} Front;

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
    int result = over(Py_TYPE(ready) == deque && deque_append != NULL ? deque_append(ready, handle)
                                                                      : PyObject_CallMethodOneArg(ready, str_append, handle));
    Py_DECREF(ready);
    return result;
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

/* asyncio's own tasks pass a string of theirs. */
static inline int is_context(PyObject *name)
{
    return name == str_context || PyUnicode_Compare(name, str_context) == 0;
}

static PyObject *front_call(PyObject *self, PyObject *const *given, size_t numbers, PyObject *names)
{
    Front *front = (Front *)self;
    Py_ssize_t number = PyVectorcall_NARGS(numbers), named = names == NULL ? 0 : PyTuple_GET_SIZE(names);
    PyObject *context = Py_None, *result = NULL;
    if (number < 2 || number > MOST_GIVEN || named > 1 || (named == 1 && !is_context(PyTuple_GET_ITEM(names, 0))))
        return PyObject_Vectorcall(front->method, given, numbers, names);
    if (named)
        context = given[number];
    PyObject *loop = PyObject_GetAttr(given[0], str__asyncdemo);
    if (loop == NULL)
        PyErr_Clear();
    int usual = loop == NULL || Py_TYPE(loop) != in_loop.type
        ? 0 : front->usual(front, loop, given, number, context, &result);
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
    const char *name;
    PyObject *method, *original;
    if (!PyArg_ParseTuple(given, "sOO", &name, &method, &original))
        return NULL;
    Front *made = PyObject_GC_New(Front, &front_type);
    if (made == NULL)
        return NULL;
    made->usual = !strcmp(name, "handle_soon") ? handle_soon : !strcmp(name, "call_soon") ? call_soon : call_later;
    made->method = Py_NewRef(method);
    made->original = Py_NewRef(original);
    made->call = front_call;
    PyObject_GC_Track((PyObject *)made);
    return (PyObject *)made;
}

/* Watching loops from a thread that does without the interpreter's lock */

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
    Py_BEGIN_ALLOW_THREADS
    rung = rung_within(((Bell *)self)->lock, seconds);
    Py_END_ALLOW_THREADS
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
    .tp_name = "asyncdemo.recorder._steps.Bell",
    .tp_basicsize = sizeof(Bell),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = bell_new,
    .tp_dealloc = bell_gone,
    .tp_methods = bell_methods,
};

/* The twin of `ThreadTime.meet`; only Linux tells. */
static void meet(PyObject *thread, double time)
{
#ifdef __linux__
    static const double untold = 0.002;
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
    REAL(thread, in_thread.ran) = time - REAL(thread, in_thread.queued);
    REAL(thread, in_thread.computed) = computed;
    REAL(thread, in_thread.at) = time;
#else
    (void)thread;
    (void)time;
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
    meet(OF(loop, in_loop.thread_time), time);
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
    Py_BEGIN_ALLOW_THREADS
    do {
        rung = rung_within(((Bell *)bell)->lock, rest);
        for (Py_ssize_t each = 0; !rung && each < number; each++)
            look |= runs_long(PyTuple_GET_ITEM(watched, each), rest);
    } while (!rung && !look && PyList_GET_SIZE(loops) == number);
    Py_END_ALLOW_THREADS
    Py_DECREF(watched);
    return PyBool_FromLong(rung);
}

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
    PyType_Spec spec = {"asyncdemo.recorder._steps.Numbers", (int)size, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
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
    static const struct { const char *what; int (*learn)(PyObject *); } all[] = {
        {"loop", learn_loop}, {"no step", learn_no_step}, {"step handle", learn_step_handle},
        {"step call", learn_step_call}, {"callback handle", learn_callback_handle}, {"callback", learn_callback},
        {"timer", learn_timer}, {"tasks", learn_tasks}, {"waits", learn_waits}, {"callers", learn_callers},
        {"thread time", learn_thread}};
    const char *what;
    PyObject *type;
    if (!PyArg_ParseTuple(given, "sO!", &what, &PyType_Type, &type))
        return NULL;
    for (size_t each = 0; each < sizeof all / sizeof *all; each++)
        if (!strcmp(all[each].what, what)) {
            if (all[each].learn(type) < 0)
                return NULL;
            Py_RETURN_NONE;
        }
    return PyErr_Format(PyExc_ValueError, "there is no part %.100s", what);
}

/* learn_values(none, brief, yield, any_task, timer, program, returned, step, birth, end): rows, actors and an outcome
   that mean something here, and how many bytes a row of three tables takes. */
static PyObject *learn_values(PyObject *Py_UNUSED(module), PyObject *given)
{
    int step, birth, end;
    if (!PyArg_ParseTuple(given, "iiiiiiiiii", &none, &brief, &yield_, &any_task, &timer, &program, &has_returned, &step,
                          &birth, &end))
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

static int learn_others(void)
{
    learn_asked(&of_task, from("asyncio", "Task"));
    learn_asked(&of_future, from("asyncio", "Future"));
    running_loop = from("asyncio", "_get_running_loop");
    real_time = from("time", "perf_counter");
    step_callback = (PyTypeObject *)from("asyncdemo.recorder.asyncio_names", "STEP_CALLBACK");
    gathering = (PyTypeObject *)from("asyncdemo.recorder.asyncio_names", "GATHERING");
    gave_up = from("asyncdemo.recorder.asyncio_names", "gave_up");
    future_iterator = (PyTypeObject *)from("asyncdemo.recorder.asyncio_names", "FUTURE_ITERATOR");
    deque = (PyTypeObject *)from("collections", "deque");
    if (PyErr_Occurred())
        return -1;
    step_callbacks_self = field_of(step_callback, "__self__");
    awaited_by = field_of(&PyCoro_Type, "cr_await");
    frame_of = field_of(&PyCoro_Type, "cr_frame");
    deque_append = method_of(deque, "append", METH_O);
    return 0;
}

static PyMethodDef functions[] = {
    {"numbers", numbers, METH_VARARGS, "A class with slots for machine numbers."},
    {"front", front, METH_VARARGS, "What stands before a method of a loop."},
    {"watch", watch, METH_VARARGS, "Rest until a loop runs long."},
    {"remember", remember, METH_VARARGS, "Remember what a chain of awaits says."},
    {"learn", learn, METH_VARARGS, "Learn where the slots of a class are."},
    {"learn_values", learn_values, METH_VARARGS, "Learn what some numbers mean."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "asyncdemo.recorder._steps", "The hot path of the recorder, compiled.", -1, functions,
    NULL, NULL, NULL, NULL,
};

#define INTERN(name) || (str_##name = PyUnicode_InternFromString(#name)) == NULL

PyMODINIT_FUNC PyInit__steps(void)
{
    if (0 NAMES(INTERN) || PyType_Ready(&front_type) < 0 || PyType_Ready(&bell_type) < 0 || learn_others() < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && PyModule_AddIntConstant(module, "SHORTCUTS", SHORTCUTS * sizeof(Shortcut)) < 0)
        Py_CLEAR(module);
    if (module != NULL && PyModule_AddObjectRef(module, "Bell", (PyObject *)&bell_type) < 0)
        Py_CLEAR(module);
    return module;
}
