/*
 * The kernels as a Node-API module. Every call comes as one array of numbers and its buffers; see src/compiled/native.ts for the other side.
 *
 * The first numbers are the header: fault and its place (written), units to begin with and to end before, the variant, the operation, how many numbers
 * follow, the grain and the number of threads.
 */
#include <errno.h>
#include <fcntl.h>
#include <node_api.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dispatch.h"
#include "threads.h"

enum { FAULT, AT, BEGIN, END, VARIANT, OPERATION, COUNT, GRAIN, THREADS, HEADER };
#define MOST_BUFFERS 40

/* What an environment (the main thread or a worker) has running, so that its end can wait for it. */
typedef struct {
  pthread_mutex_t mutex;
  pthread_cond_t none;
  size_t jobs;
  _Atomic int32_t ending;
} rr_environment;

static napi_value throw_error(napi_env env, const char *message) {
  napi_throw_error(env, NULL, message);
  return NULL;
}

static bool take_buffer(napi_env env, napi_value value, rr_buffer *buffer) {
  napi_valuetype kind;
  if (napi_typeof(env, value, &kind) != napi_ok) return false;
  if (kind == napi_undefined || kind == napi_null) {
    *buffer = (rr_buffer){NULL, 0};
    return true;
  }
  static const uint8_t sizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  napi_typedarray_type type;
  size_t length;
  void *data;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok || (size_t)type >= sizeof sizes) return false;
  *buffer = (rr_buffer){data, length * sizes[type]};
  return true;
}

/* The variant and kernel that a header asks for. */
static bool find_kernel(const double *header, const rr_variant **variant, rr_kernel *kernel) {
  const rr_variant *const *variants = rr_variants();
  double wanted = header[VARIANT], operation = header[OPERATION];
  size_t v = 0, o = 0;
  while (variants[v] != NULL && (double)v != wanted) v++;
  if (variants[v] == NULL) return false;
  while (variants[v]->operations[o].name != NULL && (double)o != operation) o++;
  if (variants[v]->operations[o].name == NULL) return false;
  *variant = variants[v];
  *kernel = variants[v]->operations[o].run;
  return true;
}

static bool whole(double number, double most) { return number >= 0 && number <= most && number == (double)(uint64_t)number; }

/* The header and numbers of a call, checked. */
static double *take_numbers(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length;
  void *data;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, NULL, NULL) != napi_ok || type != napi_float64_array || length < HEADER) return NULL;
  double *numbers = data;
  if (!whole(numbers[COUNT], (double)(length - HEADER)) || !whole(numbers[BEGIN], 9007199254740992.0) || !whole(numbers[END], 9007199254740992.0)) return NULL;
  return numbers;
}

/* run(numbers, ...buffers): runs a call on this thread. */
static napi_value run(napi_env env, napi_callback_info info) {
  napi_value values[1 + MOST_BUFFERS];
  size_t count = 1 + MOST_BUFFERS;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok || count < 1 || count > 1 + MOST_BUFFERS) return throw_error(env, "run: wrong arguments");
  double *numbers = take_numbers(env, values[0]);
  if (numbers == NULL) return throw_error(env, "run: no header");
  const rr_variant *variant;
  rr_kernel kernel;
  if (!find_kernel(numbers, &variant, &kernel)) return throw_error(env, "run: no such kernel");
  rr_buffer buffers[MOST_BUFFERS];
  for (size_t i = 1; i < count; i++)
    if (!take_buffer(env, values[i], &buffers[i - 1])) return throw_error(env, "run: expected typed arrays");
  rr_call call = {.numbers = numbers + HEADER, .buffers = buffers, .number_count = (uint32_t)numbers[COUNT], .buffer_count = (uint32_t)(count - 1)};
  numbers[FAULT] = rr_run(variant, kernel, &call, (size_t)numbers[BEGIN], (size_t)numbers[END]);
  numbers[AT] = call.at;
  return NULL;
}

/* A call in the background: the job, copies of what it was given, and what keeps its buffers alive. */
typedef struct {
  rr_job job;
  rr_environment *environment;
  napi_threadsafe_function settle;
  napi_ref kept;
  double *numbers;
  rr_buffer buffers[MOST_BUFFERS];
} rr_background;

static void free_background(rr_background *background) {
  free(background->numbers);
  free(background);
}

/* On the event loop: lets the buffers go and tells the caller. */
static void settle_on_loop(napi_env env, napi_value callback, void *context, void *data) {
  (void)context;
  rr_background *background = data;
  if (env != NULL) {
    napi_delete_reference(env, background->kept);
    napi_value undefined, arguments[2];
    if (napi_get_undefined(env, &undefined) == napi_ok && napi_create_int32(env, background->job.fault, &arguments[0]) == napi_ok &&
        napi_create_double(env, background->job.at, &arguments[1]) == napi_ok)
      napi_call_function(env, undefined, callback, 2, arguments, NULL);
  }
  free_background(background);
}

/* On a thread of the pool. */
static void settle(rr_job *job) {
  rr_background *background = job->context;
  rr_environment *environment = background->environment;
  napi_threadsafe_function function = background->settle;
  /* A call that is not taken (the environment is closing) leaves the background to us. */
  if (napi_call_threadsafe_function(function, background, napi_tsfn_nonblocking) != napi_ok) free_background(background);
  napi_release_threadsafe_function(function, napi_tsfn_release);
  pthread_mutex_lock(&environment->mutex);
  if (--environment->jobs == 0) pthread_cond_broadcast(&environment->none);
  pthread_mutex_unlock(&environment->mutex);
}

/* start(numbers, callback, cancelled, ...buffers): runs a call on other threads, then calls back with its fault and place. `cancelled` is an Int32Array. */
static napi_value start(napi_env env, napi_callback_info info) {
  napi_value values[3 + MOST_BUFFERS];
  size_t count = 3 + MOST_BUFFERS;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok || count < 3 || count > 3 + MOST_BUFFERS) return throw_error(env, "start: wrong arguments");
  double *numbers = take_numbers(env, values[0]);
  napi_valuetype kind;
  rr_buffer cancelled;
  rr_environment *environment;
  if (numbers == NULL || napi_typeof(env, values[1], &kind) != napi_ok || kind != napi_function || !take_buffer(env, values[2], &cancelled) ||
      cancelled.bytes < 4 || napi_get_instance_data(env, (void **)&environment) != napi_ok || numbers[BEGIN] != 0 || !whole(numbers[GRAIN], 9007199254740992.0) ||
      numbers[GRAIN] < 1 || !whole(numbers[THREADS], 65536) || numbers[THREADS] < 1)
    return throw_error(env, "start: wrong arguments");
  rr_background *background = calloc(1, sizeof *background);
  if (background == NULL) return throw_error(env, "start: out of memory");
  rr_job *job = &background->job;
  size_t bytes = (HEADER + (size_t)numbers[COUNT]) * sizeof(double);
  background->numbers = malloc(bytes);
  background->environment = environment;
  const char *trouble = "start: out of memory";
  if (background->numbers == NULL) goto fail;
  memcpy(background->numbers, numbers, bytes);
  trouble = "start: no such kernel";
  if (!find_kernel(numbers, &job->variant, &job->kernel)) goto fail;
  trouble = "start: expected typed arrays";
  napi_value kept, name;
  if (napi_create_array_with_length(env, count - 2, &kept) != napi_ok) goto fail;
  for (size_t i = 2; i < count; i++) {
    if (i > 2 && !take_buffer(env, values[i], &background->buffers[i - 3])) goto fail;
    if (napi_set_element(env, kept, (uint32_t)(i - 2), values[i]) != napi_ok) goto fail;
  }
  job->numbers = background->numbers + HEADER;
  job->number_count = (uint32_t)numbers[COUNT];
  job->buffers = background->buffers;
  job->buffer_count = (uint32_t)(count - 3);
  job->units = (size_t)numbers[END];
  job->grain = (size_t)numbers[GRAIN];
  job->threads = (uint32_t)numbers[THREADS];
  job->cancelled = cancelled.data;
  job->ending = &environment->ending;
  job->done = settle;
  job->context = background;
  trouble = "start: no thread could be started";
  if (napi_create_reference(env, kept, 1, &background->kept) != napi_ok) goto fail;
  if (napi_create_string_utf8(env, "rank-rank kernels", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, values[1], NULL, name, 0, 1, NULL, NULL, NULL, settle_on_loop, &background->settle) != napi_ok) {
    napi_delete_reference(env, background->kept);
    goto fail;
  }
  pthread_mutex_lock(&environment->mutex);
  environment->jobs++;
  pthread_mutex_unlock(&environment->mutex);
  if (!rr_start(job)) {
    pthread_mutex_lock(&environment->mutex);
    environment->jobs--;
    pthread_mutex_unlock(&environment->mutex);
    napi_release_threadsafe_function(background->settle, napi_tsfn_abort);
    napi_delete_reference(env, background->kept);
    goto fail;
  }
  return NULL;
fail:
  free_background(background);
  return throw_error(env, trouble);
}

/* A mapped file: what is unmapped when its buffer is garbage. */
typedef struct {
  void *start;
  size_t length;
  /* While the buffer is being made: told when the runtime, refusing it, has let go of the mapping already. */
  bool *gone;
} rr_mapping;

static void unmap(napi_env env, void *data, void *hint) {
  (void)env;
  (void)data;
  rr_mapping *mapping = hint;
  if (mapping->gone != NULL) *mapping->gone = true;
  munmap(mapping->start, mapping->length);
  free(mapping);
}

/* mapFile(path, offset, length): an ArrayBuffer, or a negative number: -errno, or -1000000 where the range is not in the file. */
static napi_value map_file(napi_env env, napi_callback_info info) {
  napi_value values[3], result;
  size_t count = 3, length_of_path;
  char path[4096];
  double offset, length;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok || count != 3 ||
      napi_get_value_string_utf8(env, values[0], path, sizeof path, &length_of_path) != napi_ok || length_of_path >= sizeof path - 1 ||
      napi_get_value_double(env, values[1], &offset) != napi_ok || napi_get_value_double(env, values[2], &length) != napi_ok || !whole(offset, 9007199254740992.0) ||
      !(length == -1 || whole(length, 9007199254740992.0)))
    return throw_error(env, "mapFile: wrong arguments");
  double trouble = 0;
  struct stat stat;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) goto failed;
  if (fstat(file, &stat) != 0) goto failed;
  double size = (double)stat.st_size;
  if (length == -1) length = offset <= size ? size - offset : -1;
  if (length < 0 || offset + length > size) {
    trouble = -1000000;
    goto failed;
  }
  if (length == 0) {
    close(file);
    void *none;
    return napi_create_arraybuffer(env, 0, &none, &result) == napi_ok ? result : NULL;
  }
  size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (size_t)offset % page;
  rr_mapping *mapping = malloc(sizeof *mapping);
  if (mapping == NULL) goto failed;
  mapping->length = (size_t)length + before;
  mapping->start = mmap(NULL, mapping->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, (off_t)((size_t)offset - before));
  if (mapping->start == MAP_FAILED) {
    free(mapping);
    goto failed;
  }
  close(file);
  bool gone = false;
  mapping->gone = &gone;
  if (napi_create_external_arraybuffer(env, (char *)mapping->start + before, (size_t)length, unmap, mapping, &result) != napi_ok) {
    if (!gone) unmap(env, NULL, mapping);
    bool pending = false;
    if (napi_is_exception_pending(env, &pending) == napi_ok && pending) return NULL;
    return throw_error(env, "mapFile: this runtime takes no memory from outside");
  }
  mapping->gone = NULL;
  return result;
failed:
  if (trouble == 0) trouble = -(double)errno;
  if (file >= 0) close(file);
  return napi_create_double(env, trouble, &result) == napi_ok ? result : NULL;
}

static napi_value text(napi_env env, const char *value) {
  napi_value result = NULL;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result);
  return result;
}

/* The environment's buffers go with it: its jobs stop at their next grain, and are waited for. */
static void end_environment(void *data) {
  rr_environment *environment = data;
  environment->ending = 1;
  pthread_mutex_lock(&environment->mutex);
  while (environment->jobs > 0) pthread_cond_wait(&environment->none, &environment->mutex);
  pthread_mutex_unlock(&environment->mutex);
}

static void free_environment(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

NAPI_MODULE_INIT() {
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&once);
  const rr_variant *const *variants = rr_variants();
  pthread_mutex_unlock(&once);
  rr_environment *environment = calloc(1, sizeof *environment);
  if (environment == NULL) return throw_error(env, "out of memory");
  pthread_mutex_init(&environment->mutex, NULL);
  pthread_cond_init(&environment->none, NULL);
  napi_set_instance_data(env, environment, free_environment, NULL);
  napi_add_env_cleanup_hook(env, end_environment, environment);

  napi_value sets, operations;
  napi_create_array(env, &sets);
  napi_create_array(env, &operations);
  for (uint32_t i = 0; variants[i] != NULL; i++) napi_set_element(env, sets, i, text(env, variants[i]->instruction_set));
  for (uint32_t i = 0; variants[0]->operations[i].name != NULL; i++) napi_set_element(env, operations, i, text(env, variants[0]->operations[i].name));
  napi_value processors;
  napi_create_uint32(env, rr_processors(), &processors);
  const napi_property_descriptor properties[] = {
      {"run", NULL, run, NULL, NULL, NULL, napi_enumerable, NULL},
      {"start", NULL, start, NULL, NULL, NULL, napi_enumerable, NULL},
      {"mapFile", NULL, map_file, NULL, NULL, NULL, napi_enumerable, NULL},
      {"instructionSets", NULL, NULL, NULL, NULL, sets, napi_enumerable, NULL},
      {"operations", NULL, NULL, NULL, NULL, operations, napi_enumerable, NULL},
      {"features", NULL, NULL, NULL, NULL, text(env, rr_features()), napi_enumerable, NULL},
      {"processors", NULL, NULL, NULL, NULL, processors, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof properties / sizeof properties[0], properties);
  return exports;
}
