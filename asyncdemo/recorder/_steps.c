/* The hot path of the recorder, compiled: the same as its twins in Python, on the same objects.

   What a step costs is paid hundreds of thousands of times by a program that does little else, and an interpreter needs
   two thousand bytecodes for what one request of a web server takes. So this does what `steps.run_step`,
   `LoopRecorder.first_step`, `LoopRecorder.woken` and both loops' `call_soon` do where nothing is unusual, and calls
   those where anything is. It has no state of its own: it reads and writes the slots of the classes in Python, of which
   it learns at import where they lie. Times, rows and flags lie there as machine numbers (`numbers`), which need no
   objects made and looked into. Each function names its twin, which says why things are as they are. Where there is no
   compiler, the twins do it all.

   Its parts make one translation unit. `hot_path/slots.h` says what it knows of the classes and `learning.h` from where,
   `running.h` and `scheduling.h` what a step does and what serves it, `waits.h` what was waited for, `fronts.h` how a
   loop comes to call all this, and `watching.h` how one is looked at from outside. */

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

#include "hot_path/slots.h"
#include "hot_path/basics.h"
#include "hot_path/running.h"
#include "hot_path/waits.h"
#include "hot_path/scheduling.h"
#include "hot_path/fronts.h"
#include "hot_path/watching.h"
#include "hot_path/learning.h"

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
