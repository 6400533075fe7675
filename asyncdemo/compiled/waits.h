/* What a task has waited for: the twin of `LoopRecorder.reason`, where it need not look; and what tasks wait for */

/* Shortcuts: the rows of waits that a chain of awaits alone tells, by the codes in it and by where the one is whose
   line is told. They lie in a bytearray of the `WaitBook`, which also keeps the codes. */

enum { DEEPEST = 16, SHORTCUTS = 256, WAYS = 4 };

typedef struct {
    int depth, own, instruction, row;
    PyObject *codes[DEEPEST];
} Shortcut;

static PyGetSetDef *awaited_by, *frame_of;
static PyTypeObject *future_iterator;

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

/* Follows a chain of coroutines down to a future, and fills in their codes; the depth is 0 when it is another chain. What
   a compiled library awaits instead stands with its type, no class of the program's, as the last of the codes.

   Returns: how many coroutines there are. */
static int follow(PyObject *coroutine, Shortcut *found)
{
    PyObject *link = Py_NewRef(coroutine);
    int number = 0, known = 0;
    while (link != NULL && PyCoro_CheckExact(link) && number < DEEPEST - 1) {
        found->codes[number++] = code_of(link);
        Py_SETREF(link, look(link, awaited_by, str_cr_await));
    }
    if (link == NULL) {
        PyErr_Clear();
    } else if (link == Py_None || Py_TYPE(link) == future_iterator) {
        known = number;
    } else if (!PyCoro_CheckExact(link) && (Py_TYPE(link)->tp_flags & Py_TPFLAGS_IMMUTABLETYPE)) {
        found->codes[number] = (PyObject *)Py_TYPE(link);
        known = number + 1;
    }
    found->depth = known;
    Py_XDECREF(link);
    return number;
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

/* The instruction that the coroutine at a depth of a chain has come to; -1 when there is none. */
static int instruction_at(PyObject *coroutine, int depth)
{
    PyObject *link = depth < 0 ? NULL : Py_NewRef(coroutine);
    while (link != NULL && depth-- > 0)
        Py_SETREF(link, look(link, awaited_by, str_cr_await));
    PyObject *frame = link == NULL ? NULL : look(link, frame_of, str_cr_frame);
    int instruction = frame != NULL && PyFrame_Check(frame) ? PyFrame_GetLasti((PyFrameObject *)frame) : -1;
    if (frame == NULL)
        PyErr_Clear();
    Py_XDECREF(frame);
    Py_XDECREF(link);
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

/* remembered(waits, coroutine): the row of what a suspended coroutine waits for, when that was remembered, or -1. */
static PyObject *remembered_wait(PyObject *Py_UNUSED(module), PyObject *given)
{
    PyObject *waits, *coroutine;
    if (!PyArg_ParseTuple(given, "O!O", in_waits.type, &waits, &coroutine))
        return NULL;
    return PyLong_FromLong(remembered(waits, coroutine));
}

/* remember(waits, coroutine, links, own, row): from now on a coroutine that is suspended like this one waits for what
   `row` says; the line that is told is that of the link at depth `own`, or of none when it is negative. Where more links
   were seen than coroutines, a type does not tell what follows: nothing is remembered. */
static PyObject *remember(PyObject *Py_UNUSED(module), PyObject *given)
{
    PyObject *waits, *coroutine;
    Shortcut found;
    int links;
    if (!PyArg_ParseTuple(given, "O!Oiii", in_waits.type, &waits, &coroutine, &links, &found.own, &found.row))
        return NULL;
    if (follow(coroutine, &found) != links)
        found.depth = 0;
    if (found.depth > links)
        Py_INCREF(found.codes[links]); /* never given back: there are few such types, and all of modules */
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

static int put_number(PyObject *table, int key, int value)
{
    PyObject *name = PyLong_FromLong(key), *number = PyLong_FromLong(value);
    int result = name == NULL || number == NULL ? -1 : PyDict_SetItem(table, name, number);
    Py_XDECREF(name);
    Py_XDECREF(number);
    return result;
}

/* unfinished(steps): the twin of `pending.unfinished`. */
static PyObject *unfinished(PyObject *Py_UNUSED(module), PyObject *table)
{
    PyObject *steps = PyList_New(0), *changed = PyList_New(0), *waiting = PyDict_New();
    PyObject *all = Py_TYPE(table) == &by_identity_type ? table_values(table, NULL) : NULL;
    int fault = steps == NULL || changed == NULL || waiting == NULL || all == NULL;
    for (Py_ssize_t each = 0; !fault && each < PyList_GET_SIZE(all); each++) {
        PyObject *step = PyList_GET_ITEM(all, each);
        const StepSlots *at = slots_of(step);
        int row = at == NULL ? none : NUMBER(step, at->row);
        if (at == NULL && as_row(PyObject_GetAttr(step, str_row), &row) < 0)
            fault = 1;
        else if (row < 0)
            continue;
        else if (at != NULL && OF(step, at->task) == Py_None && REAL(step, at->looked) == REAL(step, at->since))
            fault = put_number(waiting, row, NUMBER(step, at->found)) < 0;
        else
            fault = PyList_Append(changed, step) < 0;
        fault = fault || PyList_Append(steps, step) < 0;
    }
    PyObject *told = fault ? NULL : PyTuple_Pack(3, steps, changed, waiting);
    if (told == NULL && !PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "steps are in a `ByIdentity`");
    Py_XDECREF(steps);
    Py_XDECREF(changed);
    Py_XDECREF(waiting);
    Py_XDECREF(all);
    return told;
}
