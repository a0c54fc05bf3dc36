/* Human activity recognition: filters, windows and network of a trained model, in C99.
 *
 * Written by `har export --to c`. Nothing is allocated; math.h, stdint.h and string.h are all it
 * needs. Include it wherever it is used; in exactly one file define HAR_IMPLEMENTATION before:
 *
 *     #define HAR_IMPLEMENTATION
 *     #include "har_model.h"
 *
 *     static har_state state;
 *     float probabilities[HAR_N_ACTIVITIES];
 *
 *     har_init(&state);
 *     for (;;) {  // every 20 ms: acceleration with gravity in g, angular rate in rad/s
 *         if (har_push(&state, acc_g, gyro_rad_s, probabilities) == 1)
 *             show(har_activities[har_most_probable(probabilities)]);
 *     }
 *
 * Samples must come at {{ rate_hz }} Hz; after a gap call har_init again. For the first ten seconds
 * the filters settle. Calls for one har_state must not overlap; several states are independent.
 */
#ifndef HAR_MODEL_H
#define HAR_MODEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

{% for name, value in sizes.items() %}
#define {{ name }} {{ value }}
{% endfor %}

/* All memory of one phone. The last members are used while a window is judged, and mean nothing
 * between calls. */
typedef struct {
    double noise[HAR_N_RAW][HAR_NOISE_SECTIONS][2];
    double drift[HAR_N_RAW][HAR_DRIFT_SECTIONS][2];
    float last[2][HAR_N_RAW];
    int32_t n_samples;
    int32_t n_pending; /* below 0: samples to pass over before the next window */
    float pending[HAR_N_TIMESTEPS * HAR_N_CHANNELS];
#if HAR_ALIGN_HEADING
    float turned[HAR_N_TIMESTEPS * HAR_N_CHANNELS];
#endif
    float one[HAR_SCRATCH_ONE];
    float other[HAR_SCRATCH_OTHER];
    float features[HAR_N_FEATURES];
    float gates[4 * HAR_HIDDEN_SIZE];
    float cells[HAR_HIDDEN_SIZE];
#if HAR_SUMMARY_SIZE
    float summary[HAR_N_SUMMARY];
    float summary_hidden[HAR_SUMMARY_SIZE];
#endif
    float logits[2][HAR_N_ACTIVITIES];
} har_state;

/* Names of the activities, in the order of probabilities. */
extern const char *const har_activities[HAR_N_ACTIVITIES];

/* Begin, or begin anew after a gap. */
void har_init(har_state *state);

/* Take in a sample. Returns 1 if it completed a window, whose probabilities are then written; 0 if
 * not; -1, without taking it in, if a value is NaN or infinite.{% if n_sensors == 1 %} The gyroscope is not read, and may be
 * NULL: the model knows none.{% endif %} */
int har_push(har_state *state, const float acc_g[3], const float gyro_rad_s[3],
             float probabilities[HAR_N_ACTIVITIES]);

/* Judge a window of filtered channels, HAR_N_TIMESTEPS times HAR_N_CHANNELS values: for tests. */
void har_predict(har_state *state, const float *window, float probabilities[HAR_N_ACTIVITIES]);

/* The number of the most probable activity. */
int har_most_probable(const float probabilities[HAR_N_ACTIVITIES]);

#ifdef __cplusplus
}
#endif

#ifdef HAR_IMPLEMENTATION

#include <math.h>
#include <string.h>

const char *const har_activities[HAR_N_ACTIVITIES] = {
{% for activity in activities %}
    {{ activity }},
{% endfor %}
};

/* ---- Weights ---------------------------------------------------------------------------------- */

{% if is_int8 %}
/* Each row of a matrix is whole numbers from -127 to 127, times the scale of the row. */
typedef int8_t har_weight;
{% else %}
typedef float har_weight;
{% endif %}

typedef struct {
    const har_weight *weight; /* a row for each output */
    const float *scale;       /* of each row; NULL if weights are floats */
    const float *bias;        /* NULL if there is none */
    int32_t n_rows, n_columns;
} har_matrix;

{% for table in tables %}
static const {{ table.kind }} {{ table.name }}[{{ table.size }}] = {
{{ table.text }}
};
{% endfor %}

{% for matrix in matrices %}
static const har_matrix {{ matrix.name }} = {
    {{ matrix.weight }}, {{ matrix.scale }}, {{ matrix.bias }}, {{ matrix.n_rows }}, {{ matrix.n_columns }}
};
{% endfor %}

/* An LSTM layer in one direction. The rows of both matrices are those of gates i, f, g and o. */
typedef struct {
    const har_matrix *input;
    const har_matrix *state;
} har_lstm;

/* One network of the ensemble. */
typedef struct {
    const float *channel_mean, *channel_factor;
    const har_matrix *convolutions[HAR_N_CONVOLUTIONS + 1]; /* the last is NULL */
    const har_matrix *embedding;
    har_lstm lstm[HAR_N_LAYERS][HAR_N_DIRECTIONS];
    const har_matrix *attention, *score, *output;
    const float *summary_mean, *summary_factor;
    const har_matrix *summary_hidden, *summary_output;
    const float *heading_filters, *heading_weight; /* NULL: windows are not turned */
} har_network;

static const har_network har_networks[HAR_N_NETWORKS] = {
{% for network in networks %}
    {
        {{ network.channel_mean }}, {{ network.channel_factor }},
        { {% for name in network.convolutions %}{{ name }}, {% endfor %}NULL },
        {{ network.embedding }},
        { {% for layer in network.lstm %}{ {% for input, state in layer %}{ {{ input }}, {{ state }} }{{ ", " if not loop.last }}{% endfor %} }{{ ", " if not loop.last }}{% endfor %} },
        {{ network.attention }}, {{ network.score }}, {{ network.output }},
        {{ network.summary_mean }}, {{ network.summary_factor }},
        {{ network.summary_hidden }}, {{ network.summary_output }},
        {{ network.heading_filters }}, {{ network.heading_weight }},
    },
{% endfor %}
};

/* ---- Filters ---------------------------------------------------------------------------------- */

/* One sample through the sections of a low-pass, in transposed direct form II. In double: near its
 * poles a slow filter amplifies what float would round off. */
static double har_filter(const double (*sections)[5], int n_sections, double (*state)[2], double x)
{
    int i;
    for (i = 0; i < n_sections; i++) {
        const double *c = sections[i];
        const double y = c[0] * x + state[i][0];
        state[i][0] = c[1] * x - c[3] * y + state[i][1];
        state[i][1] = c[2] * x - c[4] * y;
        x = y;
    }
    return x;
}

/* b0, b1, b2, a1, a2 of each section. */
static const double har_noise_sections[HAR_NOISE_SECTIONS][5] = {
{{ noise.sections }}
};
static const double har_drift_sections[{{ n_sensors }}][HAR_DRIFT_SECTIONS][5] = {
{% for drift in drifts %}
    {
{{ drift.sections }}
    },
{% endfor %}
};
/* States after a constant signal of 1. */
static const double har_noise_settled[HAR_NOISE_SECTIONS][2] = {
{{ noise.settled }}
};
static const double har_drift_settled[{{ n_sensors }}][HAR_DRIFT_SECTIONS][2] = {
{% for drift in drifts %}
    {
{{ drift.settled }}
    },
{% endfor %}
};

static float har_median(float a, float b, float c)
{
    const float low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Filter the sample before this one, now that its neighbour is known, into one row of channels:
 * body_acc, body_gyro (if there is one), total_acc. */
static void har_channels(har_state *state, const float *sample, float *row)
{
    int i, k;
    for (i = 0; i < HAR_N_RAW; i++) {
        const int sensor = i / 3;
        const float median = har_median(state->last[0][i], state->last[1][i], sample[i]);
        double low, slow;
        if (state->n_samples == 1) { /* as if the first sample had always been there */
            for (k = 0; k < HAR_NOISE_SECTIONS * 2; k++)
                state->noise[i][k / 2][k % 2] = har_noise_settled[k / 2][k % 2] * (double)median;
            for (k = 0; k < HAR_DRIFT_SECTIONS * 2; k++)
                state->drift[i][k / 2][k % 2] =
                    har_drift_settled[sensor][k / 2][k % 2] * (double)median;
        }
        low = har_filter(har_noise_sections, HAR_NOISE_SECTIONS, state->noise[i], (double)median);
        slow = har_filter(har_drift_sections[sensor], HAR_DRIFT_SECTIONS, state->drift[i], low);
        row[i] = (float)(low - slow);
        if (sensor == 0)
            row[HAR_N_RAW + i] = (float)low;
    }
}

/* ---- Layers ----------------------------------------------------------------------------------- */

static inline float har_inner(const float *a, const float *b, int n)
{
    float sum = 0.0f;
    int i;
    for (i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Products of rows with n values of x, by the columns from `first` on, and the bias; `add` adds
 * them to what is there. */
static void har_multiply(const har_matrix *m, int first, const float *x, int n, float *out, int add)
{
    int row, i;
    for (row = 0; row < m->n_rows; row++) {
        const har_weight *weight = m->weight + (size_t)row * (size_t)m->n_columns + first;
        /* Four sums that do not wait for each other. */
        float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f}, sum;
        for (i = 0; i + 3 < n; i += 4) {
            sums[0] += (float)weight[i] * x[i];
            sums[1] += (float)weight[i + 1] * x[i + 1];
            sums[2] += (float)weight[i + 2] * x[i + 2];
            sums[3] += (float)weight[i + 3] * x[i + 3];
        }
        for (; i < n; i++)
            sums[0] += (float)weight[i] * x[i];
        sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        if (m->scale)
            sum *= m->scale[row];
        if (m->bias)
            sum += m->bias[row];
        out[row] = add ? out[row] + sum : sum;
    }
}

static void har_dense(const har_matrix *m, const float *x, float *out)
{
    har_multiply(m, 0, x, m->n_columns, out, 0);
}

static inline void har_relu(float *values, int n)
{
    int i;
    for (i = 0; i < n; i++)
        if (values[i] < 0.0f)
            values[i] = 0.0f;
}

static inline float har_sigmoid(float x)
{
    return 0.5f + 0.5f * tanhf(0.5f * x);
}

static void har_log_softmax(float *values, int n)
{
    float highest = values[0], sum = 0.0f;
    int i;
    for (i = 1; i < n; i++)
        if (values[i] > highest)
            highest = values[i];
    for (i = 0; i < n; i++)
        sum += expf(values[i] - highest);
    sum = highest + logf(sum);
    for (i = 0; i < n; i++)
        values[i] -= sum;
}

/* Mean of values that lie `step` apart. */
static inline float har_mean(const float *values, int n, int step)
{
    float sum = 0.0f;
    int i;
    for (i = 0; i < n; i++)
        sum += values[i * step];
    return sum / (float)n;
}

{% if uses_variance %}
/* Variance of values that lie `step` apart. */
static inline float har_variance(const float *values, int n, int step)
{
    const float mean = har_mean(values, n, step);
    float sum = 0.0f;
    int i;
    for (i = 0; i < n; i++)
        sum += (values[i * step] - mean) * (values[i * step] - mean);
    return sum / (float)n;
}
{% endif %}

/* Keeps the deviation of a constant signal above 0, in squares of g and rad/s. */
#define HAR_STILL 1e-8f

{% if uses_movements %}
static const uint8_t har_movements[HAR_N_MOVEMENTS] = { {{ movements }} };
{% endif %}

/* Write all views of a window side by side. */
static void har_views(const har_network *network, const float *window, float *out)
{
    int t, i, start = 0;
{% for view in views %}
{% if view == "channels" %}
    for (i = 0; i < HAR_N_CHANNELS; i++)
        for (t = 0; t < HAR_N_TIMESTEPS; t++)
            out[t * HAR_N_VIEWED + start + i] =
                (window[t * HAR_N_CHANNELS + i] - network->channel_mean[i]) *
                network->channel_factor[i];
    start += HAR_N_CHANNELS;
{% elif view == "compressed" %}
    for (i = 0; i < HAR_N_MOVEMENTS; i++)
        for (t = 0; t < HAR_N_TIMESTEPS; t++)
            out[t * HAR_N_VIEWED + start + i] =
                asinhf(window[t * HAR_N_CHANNELS + har_movements[i]] * {{ compression_factor }}) *
                {{ compressed_unit }};
    start += HAR_N_MOVEMENTS;
{% else %}
    for (i = 0; i < HAR_N_MOVEMENTS; i++) {
        const float *values = window + har_movements[i];
        const float mean = har_mean(values, HAR_N_TIMESTEPS, HAR_N_CHANNELS);
        const float variance = har_variance(values, HAR_N_TIMESTEPS, HAR_N_CHANNELS);
        const float factor = 1.0f / sqrtf(variance + HAR_STILL);
        for (t = 0; t < HAR_N_TIMESTEPS; t++)
            out[t * HAR_N_VIEWED + start + i] = (values[t * HAR_N_CHANNELS] - mean) * factor;
    }
    start += HAR_N_MOVEMENTS;
{% endif %}
{% endfor %}
    (void)network;
    (void)start;
}

#if HAR_N_CONVOLUTIONS
/* A convolution over time with ReLU; beyond its ends the signal is 0. Returns the steps. */
static int har_convolve(const har_matrix *m, const float *in, int n_steps, float *out)
{
    const int n_inputs = m->n_columns / HAR_CONV_KERNEL, before = HAR_CONV_KERNEL / 2;
    const int n_out = (n_steps + 2 * before - HAR_CONV_KERNEL) / HAR_CONV_STRIDE + 1;
    int step;
    for (step = 0; step < n_out; step++) {
        const int start = step * HAR_CONV_STRIDE - before;
        const int first = start < 0 ? 0 : start;
        const int end = start + HAR_CONV_KERNEL < n_steps ? start + HAR_CONV_KERNEL : n_steps;
        float *outputs = out + step * m->n_rows;
        /* What the kernel sees lies side by side, as its weights do. */
        har_multiply(m, (first - start) * n_inputs, in + first * n_inputs,
                     end > first ? (end - first) * n_inputs : 0, outputs, 0);
        har_relu(outputs, m->n_rows);
    }
    return n_out;
}
#endif

/* Run an LSTM layer in one direction; outputs go into rows of n_row values, those of the backward
 * direction behind the others. */
static void har_run_lstm(har_state *state, const har_lstm *lstm, const float *in, int n_steps,
                         int is_backward, float *out, int n_row)
{
    const int n_inputs = lstm->input->n_columns;
    const int offset = is_backward ? HAR_HIDDEN_SIZE : 0;
    const float *before = NULL;
    float *gates = state->gates, *cells = state->cells;
    int step, u;
    memset(cells, 0, sizeof state->cells);
    for (step = 0; step < n_steps; step++) {
        const int t = is_backward ? n_steps - 1 - step : step;
        float *outputs = out + t * n_row + offset;
        har_dense(lstm->input, in + t * n_inputs, gates);
        if (before)
            har_multiply(lstm->state, 0, before, HAR_HIDDEN_SIZE, gates, 1);
        for (u = 0; u < HAR_HIDDEN_SIZE; u++) {
            const float i = har_sigmoid(gates[u]), f = har_sigmoid(gates[HAR_HIDDEN_SIZE + u]);
            const float g = tanhf(gates[2 * HAR_HIDDEN_SIZE + u]);
            const float o = har_sigmoid(gates[3 * HAR_HIDDEN_SIZE + u]);
            cells[u] = f * cells[u] + i * g;
            outputs[u] = o * tanhf(cells[u]);
        }
        before = outputs;
    }
}

/* Pool the LSTM's outputs over time into features. `unused` is memory. */
static void har_pool(const har_network *network, const float *hidden, int n_steps, float *unused,
                    float *features)
{
    const int n = HAR_HIDDEN_SIZE * HAR_N_DIRECTIONS;
    int i, t;
    (void)network;
    (void)unused;
{% if pooling == "last" %}
    for (i = 0; i < n; i++) {
        t = i < HAR_HIDDEN_SIZE ? n_steps - 1 : 0;
        features[i] = hidden[t * n + i];
    }
{% elif pooling == "attention" %}
    float *seen = unused, *shares = unused + n, highest = -HUGE_VALF, sum = 0.0f;
    for (t = 0; t < n_steps; t++) {
        har_dense(network->attention, hidden + t * n, seen);
        for (i = 0; i < n; i++)
            seen[i] = tanhf(seen[i]);
        har_dense(network->score, seen, shares + t);
        if (shares[t] > highest)
            highest = shares[t];
    }
    for (t = 0; t < n_steps; t++)
        sum += shares[t] = expf(shares[t] - highest);
    for (i = 0; i < n; i++) {
        features[i] = 0.0f;
        for (t = 0; t < n_steps; t++)
            features[i] += shares[t] / sum * hidden[t * n + i];
    }
{% else %}
    for (i = 0; i < n; i++) {
        float sum = 0.0f, highest = hidden[i];
        for (t = 0; t < n_steps; t++) {
            sum += hidden[t * n + i];
            if (hidden[t * n + i] > highest)
                highest = hidden[t * n + i];
        }
{% if pooling == "sum" %}
        features[i] = sum;
        (void)highest;
{% elif pooling == "mean" %}
        features[i] = sum / (float)n_steps;
        (void)highest;
{% elif pooling == "max" %}
        features[i] = highest;
        (void)sum;
{% else %}
        features[i] = sum / (float)n_steps;
        features[n + i] = highest;
{% endif %}
    }
{% endif %}
}

/* ---- Summary of a window ---------------------------------------------------------------------- */

#if HAR_SUMMARY_SIZE

#define HAR_TINY 1e-12f

static const uint16_t har_lags[HAR_N_LAGS] = { {{ lags }} };
/* Band b has the frequencies from har_bands[b] to har_bands[b + 1] - 1. */
static const uint16_t har_bands[HAR_N_BANDS + 1] = { {{ bands }} };

/* Features of a signal x from which its mean is already subtracted. `table` has HAR_N_TIMESTEPS
 * cosines of one wave, then as many sines, and `hann` is memory for as many values. Returns where
 * the next feature goes. */
static float *har_spectral(const float *x, const float *table, float *hann, float mean, float *out)
{
    const int n = HAR_N_TIMESTEPS, n_waves = HAR_N_TIMESTEPS / 2;
    float changes = 0.0f, bands[HAR_N_BANDS] = {0}, energy = 0.0f, by_frequency = 0.0f;
    float total = 0.0f, weighted = 0.0f, variance;
    int i, k, t, band = 0;
    variance = har_inner(x, x, n) / (float)n;
    *out++ = mean;
    *out++ = logf(variance + HAR_TINY);
    for (i = 0; i < HAR_N_LAGS; i++) { /* autocorrelations */
        const int lag = har_lags[i] < n ? har_lags[i] : n;
        *out++ = har_inner(x, x + lag, n - lag) / (float)n / (variance + HAR_TINY);
    }
    for (t = 0; t < n; t++)
        hann[t] = x[t] * (0.5f - 0.5f * table[t]);
    for (k = 1; k <= n_waves; k++) { /* the spectrum under a Hann window */
        float cosines = 0.0f, sines = 0.0f, power, share;
        int place = 0;
        for (t = 0; t < n; t++) {
            cosines += hann[t] * table[place];
            sines += hann[t] * table[HAR_N_TIMESTEPS + place];
            place += k;
            if (place >= n)
                place -= n;
        }
        power = cosines * cosines + sines * sines;
        share = power * (2 * k == n ? 1.0f : 2.0f) * {{ hann_factor }};
        changes += share * (2.0f - 2.0f * table[k % n]);
        if (k >= har_bands[0] && k < har_bands[HAR_N_BANDS]) {
            while (k >= har_bands[band + 1])
                band++;
            bands[band] += share;
        }
        energy += share;
        by_frequency += share * (float)k / (float)n;
        power += HAR_TINY;
        total += power;
        weighted += power * logf(power);
    }
    *out++ = logf(changes + HAR_TINY);
    for (i = 0; i < HAR_N_BANDS; i++)
        *out++ = logf(bands[i] + HAR_TINY);
    *out++ = logf(total) - weighted / total; /* entropy */
    *out++ = by_frequency / (energy + HAR_TINY);
    return out;
}

{% if triads %}
static float har_correlation(const float *window, int one, int other)
{
    const int n = HAR_N_TIMESTEPS;
    const float mean_one = har_mean(window + one, n, HAR_N_CHANNELS);
    const float mean_other = har_mean(window + other, n, HAR_N_CHANNELS);
    float product = 0.0f, of_one = 0.0f, of_other = 0.0f;
    int t;
    for (t = 0; t < n; t++) {
        const float a = window[t * HAR_N_CHANNELS + one] - mean_one;
        const float b = window[t * HAR_N_CHANNELS + other] - mean_other;
        product += a * b;
        of_one += a * a;
        of_other += b * b;
    }
    return product / (float)n /
           sqrtf((of_one / (float)n + HAR_TINY) * (of_other / (float)n + HAR_TINY));
}

static float har_length(const float *v)
{
    return sqrtf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2] + HAR_TINY);
}

/* Channels of x, y and z of each signal. */
static const uint8_t har_triads[{{ triads | length }}][3] = {
{% for triad in triads %}
    { {{ triad | join(", ") }} },
{% endfor %}
};
{% endif %}

/* Write the standardised features of a window. `memory` has at least 4 HAR_N_TIMESTEPS values. */
static void har_summarise(const har_network *network, const float *window, float *memory,
                          float *features)
{
    const int n = HAR_N_TIMESTEPS;
    float *x = memory, *hann = memory + n, *table = memory + 2 * n, *out = features;
    int i, t, signal;
{% if gravity is not none %}
    static const uint8_t moving[{{ without_gravity | length }}] = { {{ without_gravity | join(", ") }} };
    float down[3], length;
    for (i = 0; i < 3; i++)
        down[i] = har_mean(window + har_triads[{{ gravity }}][i], n, HAR_N_CHANNELS);
    length = har_length(down);
    for (i = 0; i < 3; i++)
        down[i] /= length;
{% endif %}
    for (i = 0; i < n; i++) {
        const float angle = {{ two_pi }} * (float)i / (float)n;
        table[i] = cosf(angle);
        table[n + i] = sinf(angle);
    }
    /* Channels, the length of each triad, and movements along and across gravity. */
    for (signal = 0; signal < HAR_N_SIGNALS; signal++) {
        float mean;
        for (t = 0; t < n; t++) {
            const float *row = window + t * HAR_N_CHANNELS;
            if (signal < HAR_N_CHANNELS) {
                x[t] = row[signal];
            }
{% if triads %}
            else {
                const int number = signal - HAR_N_CHANNELS;
                const int is_length = number < {{ triads | length }};
                float v[3];
{% if gravity is not none %}
                const int pair = is_length ? 0 : number - {{ triads | length }};
                const int triad = is_length ? number : moving[pair / 2];
{% else %}
                const int triad = number;
{% endif %}
                for (i = 0; i < 3; i++)
                    v[i] = row[har_triads[triad][i]];
{% if gravity is not none %}
                if (!is_length) {
                    const float along = har_inner(v, down, 3);
                    for (i = 0; i < 3; i++)
                        v[i] -= along * down[i];
                    x[t] = pair % 2 == 0 ? along : har_length(v);
                } else
{% else %}
                (void)is_length;
{% endif %}
                x[t] = har_length(v);
            }
{% endif %}
        }
        mean = har_mean(x, n, 1);
        for (t = 0; t < n; t++)
            x[t] -= mean;
        out = har_spectral(x, table, hann, mean, out);
    }
{% if triads %}
    for (i = 0; i < {{ triads | length }}; i++) {
        *out++ = har_correlation(window, har_triads[i][0], har_triads[i][1]);
        *out++ = har_correlation(window, har_triads[i][0], har_triads[i][2]);
        *out++ = har_correlation(window, har_triads[i][1], har_triads[i][2]);
    }
{% endif %}
{% if gravity is not none %}
    for (i = 0; i < 3; i++)
        *out++ = acosf(fminf(fmaxf(down[i], -{{ largest_cosine }}), {{ largest_cosine }}));
{% endif %}
    for (i = 0; i < HAR_N_SUMMARY; i++) {
        const float value = (features[i] - network->summary_mean[i]) * network->summary_factor[i];
        features[i] = fminf(fmaxf(value, -5.0f), 5.0f);
    }
}

#endif

/* ---- Heading: turns a window about x ---------------------------------------------------------- */

#if HAR_ALIGN_HEADING

static const uint8_t har_turning[HAR_N_TURNING] = { {{ turning }} };

/* Filter one channel over time. */
static void har_derive(const float *window, int channel, const float *filter, float *out)
{
    int t, k;
    for (t = 0; t < HAR_N_FILTERED; t++) {
        float sum = 0.0f;
        for (k = 0; k < HAR_N_TAPS; k++)
            sum += window[(t + k) * HAR_N_CHANNELS + channel] * filter[k];
        out[t] = sum;
    }
}

static void har_scale(float *values, float factor)
{
    int t;
    for (t = 0; t < HAR_N_FILTERED; t++)
        values[t] *= factor;
}

/* Add a vector (y, z) that turns with the phone, by its three complex weights, to (y, z). */
static void har_add(const float *weight, int place, const float *factors, float y, float z,
                    float *ahead)
{
    int i;
    for (i = 0; i < 3; i++) {
        const float real = weight[i * HAR_N_REFERENCES + place] * factors[i];
        const float imaginary = weight[(3 + i) * HAR_N_REFERENCES + place] * factors[i];
        ahead[0] += y * real - z * imaginary;
        ahead[1] += z * real + y * imaginary;
    }
}

/* `memory` has at least 4 HAR_N_TURNING HAR_N_FILTERED values. */
static void har_turn(const har_network *network, const float *window, float *memory, float *turned)
{
    const int n = HAR_N_FILTERED, upright = 3 * {{ upright }}, first = 3 * har_turning[0];
    const float *weight = network->heading_weight;
    float factors[3], ahead[2] = {0.0f, 0.0f}, deviation, y, z, length;
    /* Along x: first and second derivative of each movement; across: y and z. */
    float *along = memory, *across = memory + 2 * HAR_N_TURNING * HAR_N_FILTERED;
    int scale, i, j, t, place = 0;
    deviation = har_variance(window + first + 1, HAR_N_TIMESTEPS, HAR_N_CHANNELS) +
                har_variance(window + first + 2, HAR_N_TIMESTEPS, HAR_N_CHANNELS);
    factors[0] = 1.0f;
    factors[1] = har_mean(window + upright, HAR_N_TIMESTEPS, HAR_N_CHANNELS);
    factors[2] = (0.5f * logf(deviation + HAR_STILL) - {{ middle_movement }}) / {{ movement_range }};
    for (scale = 0; scale < HAR_N_SCALES; scale++) {
        const float *filters = network->heading_filters + 2 * scale * HAR_N_TAPS;
        for (i = 0; i < HAR_N_TURNING; i++) {
            const int x = 3 * har_turning[i];
            float *in_y = across + 2 * i * n, *in_z = across + (2 * i + 1) * n;
            for (j = 0; j < 2; j++) {
                float *signal = along + (j * HAR_N_TURNING + i) * n;
                har_derive(window, x, filters + j * HAR_N_TAPS, signal);
                har_scale(signal, 1.0f / sqrtf(har_inner(signal, signal, n) / (float)n + HAR_STILL));
            }
            har_derive(window, x + 1, filters + HAR_N_TAPS, in_y);
            har_derive(window, x + 2, filters + HAR_N_TAPS, in_z);
            deviation = sqrtf((har_inner(in_y, in_y, n) + har_inner(in_z, in_z, n)) / (float)n +
                              HAR_STILL);
            har_scale(in_y, 1.0f / deviation);
            har_scale(in_z, 1.0f / deviation);
        }
        for (i = 0; i < 2 * HAR_N_TURNING; i++) /* correlations */
            for (j = 0; j < HAR_N_TURNING; j++) {
                y = har_inner(along + i * n, across + 2 * j * n, n) / (float)n;
                z = har_inner(along + i * n, across + (2 * j + 1) * n, n) / (float)n;
                har_add(weight, place++, factors, y, z, ahead);
            }
        for (j = 0; j < HAR_N_TURNING; j++) { /* third moments */
            const float *in_y = across + 2 * j * n, *in_z = across + (2 * j + 1) * n;
            y = z = 0.0f;
            for (t = 0; t < n; t++) {
                const float energy = in_y[t] * in_y[t] + in_z[t] * in_z[t];
                y += energy * in_y[t] / (float)n;
                z += energy * in_z[t] / (float)n;
            }
            har_add(weight, place++, factors, y, z, ahead);
        }
    }
    y = har_mean(window + upright + 1, HAR_N_TIMESTEPS, HAR_N_CHANNELS);
    z = har_mean(window + upright + 2, HAR_N_TIMESTEPS, HAR_N_CHANNELS);
    har_add(weight, place, factors, y, z, ahead);
    length = sqrtf(ahead[0] * ahead[0] + ahead[1] * ahead[1] + {{ smallest_length_squared }});
    for (t = 0; t < HAR_N_TIMESTEPS * HAR_N_CHANNELS; t += 3) {
        turned[t] = window[t];
        turned[t + 1] = (window[t + 1] * ahead[0] + window[t + 2] * ahead[1]) / length;
        turned[t + 2] = (window[t + 2] * ahead[0] - window[t + 1] * ahead[1]) / length;
    }
}

#endif

/* ---- The network ------------------------------------------------------------------------------ */

/* Write the scores of a window by one network. */
static void har_score(har_state *state, const har_network *network, const float *window,
                      float *scores)
{
    float *steps = state->one, *next = state->other, *swap;
    int n_steps = HAR_N_TIMESTEPS, i = 0, layer, way;
#if HAR_ALIGN_HEADING
    if (network->heading_weight) {
        har_turn(network, window, state->one, state->turned);
        window = state->turned;
    }
#endif
#if HAR_SUMMARY_SIZE
    har_summarise(network, window, state->one, state->summary);
    har_dense(network->summary_hidden, state->summary, state->summary_hidden);
    har_relu(state->summary_hidden, HAR_SUMMARY_SIZE);
#endif
    har_views(network, window, steps);
#if HAR_N_CONVOLUTIONS
    for (i = 0; i < HAR_N_CONVOLUTIONS; i++) {
        n_steps = har_convolve(network->convolutions[i], steps, n_steps, next);
        swap = steps, steps = next, next = swap;
    }
#endif
#if HAR_CONV_SKIP
    for (i = 0; i < HAR_N_SKIPPED; i++)
        state->features[HAR_N_FEATURES - HAR_N_SKIPPED + i] =
            har_mean(steps + i, n_steps, HAR_N_SKIPPED);
#endif
#if HAR_EMBEDDING_SIZE
    for (i = 0; i < n_steps; i++) {
        float *outputs = next + i * HAR_EMBEDDING_SIZE;
        har_dense(network->embedding, steps + i * network->embedding->n_columns, outputs);
        har_relu(outputs, HAR_EMBEDDING_SIZE);
    }
    swap = steps, steps = next, next = swap;
#endif
    for (layer = 0; layer < HAR_N_LAYERS; layer++) {
        for (way = 0; way < HAR_N_DIRECTIONS; way++)
            har_run_lstm(state, &network->lstm[layer][way], steps, n_steps, way, next,
                         HAR_HIDDEN_SIZE * HAR_N_DIRECTIONS);
        swap = steps, steps = next, next = swap;
    }
    har_pool(network, steps, n_steps, next, state->features);
    har_dense(network->output, state->features, scores);
    har_log_softmax(scores, HAR_N_ACTIVITIES);
#if HAR_SUMMARY_SIZE
    {
        float by_summary[HAR_N_ACTIVITIES];
        har_dense(network->summary_output, state->summary_hidden, by_summary);
        har_log_softmax(by_summary, HAR_N_ACTIVITIES);
        for (i = 0; i < HAR_N_ACTIVITIES; i++)
            scores[i] = {{ network_share }} * scores[i] + {{ summary_share }} * by_summary[i];
        har_log_softmax(scores, HAR_N_ACTIVITIES);
    }
#endif
    (void)i;
}

void har_predict(har_state *state, const float *window, float probabilities[HAR_N_ACTIVITIES])
{
    float *sum = state->logits[0], *scores = state->logits[1];
    int i, number;
    /* The logarithm of the sum of all networks' probabilities. */
    for (number = 0; number < HAR_N_NETWORKS; number++) {
        har_score(state, &har_networks[number], window, number ? scores : sum);
        for (i = 0; number && i < HAR_N_ACTIVITIES; i++) {
            const float high = fmaxf(sum[i], scores[i]), low = fminf(sum[i], scores[i]);
            sum[i] = high + logf(1.0f + expf(low - high));
        }
    }
    for (i = 0; i < HAR_N_ACTIVITIES; i++)
        probabilities[i] = sum[i] / {{ temperature }};
    har_log_softmax(probabilities, HAR_N_ACTIVITIES);
    for (i = 0; i < HAR_N_ACTIVITIES; i++)
        probabilities[i] = expf(probabilities[i]);
}

void har_init(har_state *state)
{
    memset(state, 0, sizeof *state);
}

int har_push(har_state *state, const float acc_g[3], const float gyro_rad_s[3],
             float probabilities[HAR_N_ACTIVITIES])
{
    float sample[6] = {0.0f};
    int i, is_complete = 0;
    memcpy(sample, acc_g, 3 * sizeof *sample);
    if (HAR_N_RAW == 6)
        memcpy(sample + 3, gyro_rad_s, 3 * sizeof *sample);
    for (i = 0; i < HAR_N_RAW; i++)
        if (!isfinite(sample[i]))
            return -1;
    if (state->n_samples == 0) {
        memcpy(state->last[0], sample, sizeof state->last[0]);
    } else {
        float *row = state->pending + (state->n_pending < 0 ? 0 : state->n_pending) * HAR_N_CHANNELS;
        har_channels(state, sample, row);
        memcpy(state->last[0], state->last[1], sizeof state->last[0]);
        state->n_pending++;
    }
    memcpy(state->last[1], sample, sizeof state->last[1]);
    if (state->n_samples < 2)
        state->n_samples++;
    if (state->n_pending == HAR_N_TIMESTEPS) {
        har_predict(state, state->pending, probabilities);
        is_complete = 1;
        state->n_pending -= HAR_HOP;
        if (state->n_pending > 0)
            memmove(state->pending, state->pending + HAR_HOP * HAR_N_CHANNELS,
                    (size_t)state->n_pending * HAR_N_CHANNELS * sizeof *state->pending);
    }
    return is_complete;
}

int har_most_probable(const float probabilities[HAR_N_ACTIVITIES])
{
    int i, best = 0;
    for (i = 1; i < HAR_N_ACTIVITIES; i++)
        if (probabilities[i] > probabilities[best])
            best = i;
    return best;
}

#endif /* HAR_IMPLEMENTATION */
#endif /* HAR_MODEL_H */
