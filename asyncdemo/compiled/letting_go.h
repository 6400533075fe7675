/* How what serves steps, callbacks and timers goes away, which it does as often as tasks and timers do: it is known where
   its objects lie, so that the slots need not be looked for class by class each time */

enum { MOST_OBJECTS = 16, MOST_HOLDERS = 5 };
typedef struct { PyTypeObject *type; int number; Slot slots[MOST_OBJECTS]; } Holds;
static Holds holds[MOST_HOLDERS];

static void holder_gone(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    const Holds *held = holds;
    while (held->type != type)
        held++;
    PyObject_GC_UnTrack(self);
    PyObject_ClearWeakRefs(self);
    for (int each = 0; each < held->number; each++)
        Py_CLEAR(OF(self, held->slots[each]));
    type->tp_free(self);
    Py_DECREF(type);
}

static int by_place(const void *one, const void *other)
{
    Slot difference = *(const Slot *)one - *(const Slot *)other;
    return (difference > 0) - (difference < 0);
}

/* Has the instances of a class that has no subclasses go away faster, what they hold in the same order as ever, class by
   class; not where they have more than a few slots. */
static void let_go_faster(PyObject *type)
{
    int place = 0;
    while (place < MOST_HOLDERS && holds[place].type != NULL && holds[place].type != (PyTypeObject *)type)
        place++;
    Holds found = {(PyTypeObject *)type, 0, {0}};
    if (place == MOST_HOLDERS || found.type->tp_dictoffset)
        return;
    for (PyTypeObject *each = found.type; each->tp_flags & Py_TPFLAGS_HEAPTYPE; each = each->tp_base) {
        PyObject *name, *member;
        Py_ssize_t next = 0;
        int first = found.number;
        while (PyDict_Next(each->tp_dict, &next, &name, &member)) {
            PyMemberDef *slot = Py_IS_TYPE(member, &PyMemberDescr_Type) ? ((PyMemberDescrObject *)member)->d_member : NULL;
            if (slot == NULL || slot->type != T_OBJECT_EX)
                continue;
            if (found.number == MOST_OBJECTS)
                return;
            found.slots[found.number++] = slot->offset;
        }
        qsort(found.slots + first, found.number - first, sizeof(Slot), by_place);
    }
    holds[place] = found;
    found.type->tp_dealloc = holder_gone;
}
