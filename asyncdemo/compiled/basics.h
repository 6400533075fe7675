/* Errors, time, and rows as the tables have them */

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

/* The number that a call gave, which it takes over. */
static int as_row(PyObject *told, int *row)
{
    *row = told == NULL ? 0 : (int)PyLong_AsLong(told);
    Py_XDECREF(told);
    return PyErr_Occurred() ? -1 : 0;
}

/* What `time.perf_counter` gives. */
static inline double seconds(void)
{
#ifdef __linux__
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec * INT64_C(1000000000) + now.tv_nsec) / 1e9;
#elif PY_VERSION_HEX >= 0x030D0000
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
