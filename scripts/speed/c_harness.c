/* Runs a header of `har export --to c` on samples from standard input: floats of this machine,
 * acceleration in g, and angular rate in rad/s if the model has a gyroscope.
 *
 * Without an argument it writes the probabilities in each window, floats, to standard output. With
 * a number it judges the last window so often, and prints the nanoseconds of each time. With
 * "size" it prints the size of har_state. */
#define _POSIX_C_SOURCE 199309L
#define HAR_IMPLEMENTATION
#include "har_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static har_state state;

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    static float window[HAR_N_TIMESTEPS * HAR_N_CHANNELS];
    float sample[6] = {0}, probabilities[HAR_N_ACTIVITIES];
    const int n_times = argc > 1 ? atoi(argv[1]) : 0;
    int i;
    if (argc > 1 && strcmp(argv[1], "size") == 0) {
        printf("%lu\n", (unsigned long)sizeof state);
        return 0;
    }
    har_init(&state);
    while (fread(sample, sizeof *sample, HAR_N_RAW, stdin) == HAR_N_RAW) {
        /* When one more sample completes it, the window so far is nearly that. */
        memcpy(window, state.pending, sizeof window);
        if (har_push(&state, sample, sample + 3, probabilities) == 1 && n_times == 0)
            fwrite(probabilities, sizeof *probabilities, HAR_N_ACTIVITIES, stdout);
    }
    for (i = 0; i < n_times; i++) {
        const double start = seconds();
        har_predict(&state, window, probabilities);
        printf("%.0f\n", 1e9 * (seconds() - start));
    }
    return 0;
}
