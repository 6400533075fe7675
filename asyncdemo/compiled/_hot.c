/* What is compiled: the hot path of the recorder, and how threads beside a loop come by the interpreter's lock.

   The hot path is the same as its twins in Python, on the same objects. What a step costs is paid hundreds of thousands
   of times by a program that does little else, and an interpreter needs two thousand bytecodes for what one request of
   a web server takes. So this does what `steps.run_step`, `LoopRecorder.first_step`, `LoopRecorder.woken` and both
   loops' `call_soon` do where nothing is unusual, and calls those where anything is. It has no state of its own, but for
   what was asked last: it reads and writes the slots of the classes in Python, of which it learns at import where they
   lie. Times, rows and flags lie there as machine numbers (`numbers`), which need no objects made and looked into. Each
   function names its twin, which says why things are as they are. Where there is no compiler, the twins do it all.

   The parts make one translation unit. `slots.h` says what it knows of the classes and `learning.h` from where,
   `running.h` and `scheduling.h` what a step does and what serves it, `by_identity.h` how that is found, `waits.h` what
   was waited for, `fronts.h` how a loop comes to call all this, `letting_go.h` how what serves a task goes away,
   `watching.h` how a loop is looked at from outside, and `turns.h` how that and other threads have their turn. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#include <string.h>
#ifndef _WIN32
#include <errno.h>
#include <poll.h>
#include <unistd.h>
#endif
#ifdef __linux__
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#endif

#include "by_identity.h"
#include "slots.h"
#include "basics.h"
#include "running.h"
#include "waits.h"
#include "scheduling.h"
#include "fronts.h"
#include "turns.h"
#include "watching.h"
#include "letting_go.h"
#include "learning.h"

static PyMethodDef functions[] = {
    {"numbers", numbers, METH_VARARGS, "A class with slots for machine numbers."},
    {"forget", forget, METH_NOARGS, "Forget what loop was asked last."},
    {"front", front, METH_VARARGS, "What stands before a method of a loop."},
    {"watch", watch, METH_VARARGS, "Rest until a loop runs long."},
    {"unfinished", unfinished, METH_O, "What serves the tasks that have not ended."},
    {"remembered", remembered_wait, METH_VARARGS, "What is remembered of a chain of awaits."},
    {"remember", remember, METH_VARARGS, "Remember what a chain of awaits says."},
    {"learn", learn, METH_VARARGS, "Learn where the slots of a class are."},
    {"learn_values", learn_values, METH_VARARGS, "Learn what some numbers mean."},
    {"learn_names", learn_names, METH_VARARGS, "Learn what asyncio has no public names for."},
#ifndef _WIN32
    {"write", write_out, METH_VARARGS, "Write to a descriptor."},
#endif
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "asyncdemo.compiled._hot", "The hot path of the recorder, and turns.", -1, functions,
    NULL, NULL, NULL, NULL,
};

#define INTERN(name) || (str_##name = PyUnicode_InternFromString(#name)) == NULL

PyMODINIT_FUNC PyInit__hot(void)
{
    if (0 NAMES(INTERN) || PyType_Ready(&front_type) < 0 || PyType_Ready(&bell_type) < 0 ||
        PyType_Ready(&by_identity_type) < 0 || learn_others() < 0 || learn_turns() < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && PyModule_AddIntConstant(module, "SHORTCUTS", SHORTCUTS * sizeof(Shortcut)) < 0)
        Py_CLEAR(module);
    if (module != NULL && (PyModule_AddObjectRef(module, "Bell", (PyObject *)&bell_type) < 0 ||
                           PyModule_AddObjectRef(module, "ByIdentity", (PyObject *)&by_identity_type) < 0))
        Py_CLEAR(module);
    return module;
}
