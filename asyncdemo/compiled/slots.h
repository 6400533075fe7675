/* Slots of the classes in Python: objects, and times, numbers and flags as machine numbers */

typedef Py_ssize_t Slot;

#define LOOP_SLOTS(object, real, integer, flag)                                                                       \
    object(add) object(caller) object(callers) object(chunk) object(coroutine) object(cut) object(expected)           \
    object(first_turn) object(fresh) object(ident) object(idle) object(known) object(named_late) object(recorder)     \
    object(running) object(steps) object(tasks) object(thread_time) object(time) object(waits) object(watch)          \
    real(brief) real(busy_since) real(due) real(stall) integer(number) integer(offset)                                \
    flag(chooses) flag(debug) flag(overridden) flag(runs) flag(unusual)
#define STEP_SLOTS(object, real, integer, flag)                                                                       \
    object(_args) object(_callback) object(loop) object(task)                                                         \
    real(looked) real(ready) real(since) real(started) integer(found) integer(row) integer(wait) integer(waker)   \
    flag(scheduled)
#define NO_STEP_SLOTS(object, real, integer, flag) integer(row)
#define CALLBACK_SLOTS(object, real, integer, flag) object(_callback) object(loop) integer(row)
#define TIMER_SLOTS(object, real, integer, flag) object(_callback) object(loop) integer(row) real(due)
#define HANDLE_SLOTS(object, real, integer, flag)                                                                     \
    object(_args) object(_callback) object(_cancelled) object(_context) object(_loop) object(_repr)                   \
    object(_source_traceback)
#define TASKS_SLOTS(object, real, integer, flag)                                                                      \
    object(_rows) object(births) object(cancelled) object(ends) object(finished) object(names) integer(count)
#define WAITS_SLOTS(object, real, integer, flag)                                                                      \
    object(shortcuts) object(unseen_rows) real(closed_until_s) integer(unseen_waits)
#define CALLERS_SLOTS(object, real, integer, flag)                                                                    \
    object(_callee) object(_code) integer(_depth) integer(_instruction) integer(_last_site)
#define THREAD_SLOTS(object, real, integer, flag)                                                                     \
    real(at) real(ran) real(computed) real(earlier_at) real(earlier_ran) real(earlier_computed)                       \
    real(read_at) real(computed_then) real(queued) integer(thread)

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
static double untold;

#define NAMES(each)                                                                                                   \
    each(__self__) each(_asyncdemo) each(_closed) each(_debug) each(_exception) each(_fut_waiter)                     \
    each(_must_cancel) each(_ready) each(_thread_id) each(append) each(cancelled) each(cause) each(context)           \
    each(cr_await) each(cr_frame) each(done)                                                                          \
    each(escaped) each(fail) each(first_step) each(get_coro) each(get_name) each(is_running) each(keep_mark)          \
    each(next_chunk) each(resuming) each(row) each(run_as_ever) each(unseen)
#define DECLARE_NAME(name) static PyObject *str_##name;
NAMES(DECLARE_NAME)

#define OF(object, slot) (*(PyObject **)((char *)(object) + (slot)))
#define BY_IDENTITY(object, slot) ((ByIdentity *)OF(object, slot))
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
