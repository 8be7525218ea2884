/* Loaded before the C library: the wall clock is off by the seconds that a file says, and may jump at any time. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    const char *name = getenv("CLOCK_OFFSET_FILE");
    FILE *file = clock == CLOCK_REALTIME && name ? fopen(name, "r") : NULL;
    long offset = 0;
    if (file) {
        if (fscanf(file, "%ld", &offset) == 1) now->tv_sec += offset;
        fclose(file);
    }
    return failed;
}
