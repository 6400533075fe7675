/* A table of what is known of objects, by their identity: a dictionary whose keys are addresses, which need no objects.
   It keeps the order in which they came, as a dictionary does. */

enum { EMPTY = -1, FEWEST_PLACES = 16 };

/* Where something was taken away, both are NULL. */
typedef struct { void *key; PyObject *value; } Entry;

/* At most half of the places are not empty: each has the number of one of the entries, of which the first `filled` are
   in use or were since the table was made anew, and `used` have a value. */
typedef struct {
    PyObject_HEAD
    Entry *entries;
    int *places;
    size_t mask, filled, used;
} ByIdentity;

/* The place of what is known of `key`, or the empty one where it belongs. */
static inline int *place_of(const ByIdentity *table, const void *key)
{
    size_t at = (size_t)((((uint64_t)(uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u) >> 32);
    while (table->places[at & table->mask] != EMPTY && table->entries[table->places[at & table->mask]].key != key)
        at++;
    return table->places + (at & table->mask);
}

/* Makes room for as many entries again as there are. */
static int make_anew(ByIdentity *table)
{
    size_t number = FEWEST_PLACES, filled = 0;
    while (number < 4 * (table->used + 1))
        number *= 2;
    Entry *before = table->entries, *entries = PyMem_Malloc(number / 2 * sizeof(Entry) + number * sizeof(int));
    if (entries == NULL || number > INT_MAX) {
        PyMem_Free(entries);
        PyErr_NoMemory();
        return -1;
    }
    table->places = (int *)(entries + number / 2);
    table->mask = number - 1;
    memset(table->places, EMPTY, number * sizeof(int));
    for (size_t each = 0; each < table->filled; each++)
        if (before[each].value != NULL)
            entries[filled++] = before[each];
    table->entries = entries;
    table->filled = filled;
    for (size_t each = 0; each < filled; each++)
        *place_of(table, entries[each].key) = (int)each;
    PyMem_Free(before);
    return 0;
}

/* What is known of `key`; borrowed, NULL without an error when that is nothing. */
static inline PyObject *known_of(const ByIdentity *table, const void *key)
{
    int entry = *place_of(table, key);
    return entry == EMPTY ? NULL : table->entries[entry].value;
}

static int note(ByIdentity *table, void *key, PyObject *value)
{
    int *place = place_of(table, key);
    if (*place != EMPTY) {
        Py_SETREF(table->entries[*place].value, Py_NewRef(value));
        return 0;
    }
    if (table->filled == (table->mask + 1) / 2) {
        if (make_anew(table) < 0)
            return -1;
        place = place_of(table, key);
    }
    *place = (int)table->filled;
    table->entries[table->filled++] = (Entry){key, Py_NewRef(value)};
    table->used++;
    return 0;
}

/* What was known of `key`, which it no longer is; NULL without an error when that is nothing. */
static PyObject *take(ByIdentity *table, const void *key)
{
    int entry = *place_of(table, key);
    if (entry == EMPTY)
        return NULL;
    PyObject *value = table->entries[entry].value;
    table->entries[entry] = (Entry){NULL, NULL};
    table->used--;
    return value;
}

static PyObject *new_by_identity(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(named))
{
    ByIdentity *table = (ByIdentity *)type->tp_alloc(type, 0);
    if (table != NULL && make_anew(table) < 0)
        Py_CLEAR(table);
    return (PyObject *)table;
}

static int visit_table(PyObject *self, visitproc visit, void *arg)
{
    const ByIdentity *table = (ByIdentity *)self;
    for (size_t each = 0; each < table->filled; each++)
        Py_VISIT(table->entries[each].value);
    return 0;
}

static int clear_table(PyObject *self)
{
    ByIdentity *table = (ByIdentity *)self;
    while (table->filled) {
        Entry *last = table->entries + --table->filled;
        table->used -= last->value != NULL;
        last->key = NULL;
        Py_CLEAR(last->value);
    }
    memset(table->places, EMPTY, (table->mask + 1) * sizeof(int));
    return 0;
}

static void table_gone(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    if (((ByIdentity *)self)->entries != NULL)
        clear_table(self);
    PyMem_Free(((ByIdentity *)self)->entries);
    Py_TYPE(self)->tp_free(self);
}

static Py_ssize_t table_size(PyObject *self) { return (Py_ssize_t)((ByIdentity *)self)->used; }

static int key_of(PyObject *number, void **key)
{
    *key = PyLong_AsVoidPtr(number);
    return PyErr_Occurred() ? -1 : 0;
}

static int table_has(PyObject *self, PyObject *number)
{
    void *key;
    return key_of(number, &key) < 0 ? -1 : known_of((ByIdentity *)self, key) != NULL;
}

static PyObject *table_item(PyObject *self, PyObject *number)
{
    void *key;
    if (key_of(number, &key) < 0)
        return NULL;
    PyObject *known = known_of((ByIdentity *)self, key);
    if (known == NULL)
        PyErr_SetObject(PyExc_KeyError, number);
    return Py_XNewRef(known);
}

static int table_put(PyObject *self, PyObject *number, PyObject *value)
{
    void *key;
    if (key_of(number, &key) < 0)
        return -1;
    if (value != NULL)
        return note((ByIdentity *)self, key, value);
    PyObject *known = take((ByIdentity *)self, key);
    if (known == NULL)
        PyErr_SetObject(PyExc_KeyError, number);
    Py_XDECREF(known);
    return known == NULL ? -1 : 0;
}

static PyObject *table_get(PyObject *self, PyObject *given)
{
    PyObject *number, *otherwise = Py_None;
    void *key;
    if (!PyArg_ParseTuple(given, "O|O", &number, &otherwise) || key_of(number, &key) < 0)
        return NULL;
    PyObject *known = known_of((ByIdentity *)self, key);
    return Py_NewRef(known == NULL ? otherwise : known);
}

static PyObject *table_pop(PyObject *self, PyObject *given)
{
    PyObject *number, *otherwise;
    void *key;
    if (!PyArg_ParseTuple(given, "OO", &number, &otherwise) || key_of(number, &key) < 0)
        return NULL;
    PyObject *known = take((ByIdentity *)self, key);
    return known == NULL ? Py_NewRef(otherwise) : known;
}

static PyObject *table_values(PyObject *self, PyObject *Py_UNUSED(nothing))
{
    const ByIdentity *table = (ByIdentity *)self;
    PyObject *values = PyList_New(0); /* which may have the collector change the table */
    for (size_t each = 0; values != NULL && each < table->filled; each++)
        if (table->entries[each].value != NULL && PyList_Append(values, table->entries[each].value) < 0)
            Py_CLEAR(values);
    return values;
}

static PyMethodDef table_methods[] = {
    {"get", table_get, METH_VARARGS, "What is known of an object, or a default."},
    {"pop", table_pop, METH_VARARGS, "What was known of an object, or a default; it no longer is."},
    {"values", table_values, METH_NOARGS, "A list of all that is known."},
    {NULL, NULL, 0, NULL},
};

static PySequenceMethods table_as_sequence = {.sq_contains = table_has};
static PyMappingMethods table_as_mapping = {
    .mp_length = table_size, .mp_subscript = table_item, .mp_ass_subscript = table_put};

static PyTypeObject by_identity_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "asyncdemo.compiled._hot.ByIdentity",
    .tp_basicsize = sizeof(ByIdentity),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = new_by_identity,
    .tp_traverse = visit_table,
    .tp_clear = clear_table,
    .tp_dealloc = table_gone,
    .tp_methods = table_methods,
    .tp_as_sequence = &table_as_sequence,
    .tp_as_mapping = &table_as_mapping,
};
