/* The machine's ceiling for one core and 128-bit vectors: operations a second, and seconds to read or copy N bytes.
   Compiled twice: with -ffp-contract=off a product and a sum are two instructions, with =fast they are one.
   Arguments: "read N" or "copy N", any number of them. Prints a line a probe: name, bytes, value. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef float v4 __attribute__((vector_size(16)));

#if defined(__x86_64__) || defined(__i386__)
#define OPAQUE(v) __asm__ volatile("" : "+x"(v))
#else
#define OPAQUE(v) __asm__ volatile("" : "+w"(v))
#endif

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

/* Ten independent sums of products, each with operands the compiler knows nothing of: best of a few trials. */
static double gigaflops(void) {
  const long rounds = 4000000;
  double best = 0;
  for (int trial = 0; trial < 12; trial++) {
    v4 a = {1, 1, 1, 1}, b = {1e-9f, 1e-9f, 1e-9f, 1e-9f}, c = b;
    v4 s0 = b, s1 = b, s2 = b, s3 = b, s4 = b, s5 = b, s6 = b, s7 = b, s8 = b, s9 = b;
    double started = now();
    for (long i = 0; i < rounds; i++) {
#define STEP(s, x) OPAQUE(a); s += a * x;
      STEP(s0, b) STEP(s1, c) STEP(s2, b) STEP(s3, c) STEP(s4, b)
      STEP(s5, c) STEP(s6, b) STEP(s7, c) STEP(s8, b) STEP(s9, c)
    }
    double seconds = now() - started;
    v4 sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9;
    OPAQUE(sum);
    double speed = 80.0 * rounds / seconds / 1e9;
    if (speed > best) best = speed;
  }
  return best;
}

static void readAll(const float *from, size_t bytes) {
  v4 s0 = {0}, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  const v4 *p = (const v4 *)from, *end = p + bytes / 16;
  for (; p + 8 <= end; p += 8) {
    s0 += p[0]; s1 += p[1]; s2 += p[2]; s3 += p[3];
    s4 += p[4]; s5 += p[5]; s6 += p[6]; s7 += p[7];
  }
  v4 sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
  OPAQUE(sum);
}

/* Best seconds of one pass. */
static double pass(int copy, size_t bytes) {
  float *from = aligned_alloc(64, (bytes + 63) / 64 * 64), *to = aligned_alloc(64, (bytes + 63) / 64 * 64);
  memset(from, 0, bytes);
  memset(to, 0, bytes);
  long times = 1 + (long)(2e7 / bytes);
  double best = 1e9;
  for (int trial = 0; trial < 12; trial++) {
    double started = now();
    for (long i = 0; i < times; i++) {
      if (copy) memcpy(to, from, bytes);
      else readAll(from, bytes);
      __asm__ volatile("" ::: "memory");
    }
    double seconds = (now() - started) / times;
    if (seconds < best) best = seconds;
  }
  free(from);
  free(to);
  return best;
}

int main(int count, char **arguments) {
  printf("gigaflops 0 %.9g\n", gigaflops());
  for (int i = 1; i + 1 < count; i += 2) {
    size_t bytes = strtoull(arguments[i + 1], 0, 10);
    printf("%s %zu %.9g\n", arguments[i], bytes, pass(arguments[i][0] == 'c', bytes));
  }
  return 0;
}
