// Sends HTTP requests to 127.0.0.1 at a fixed rate, and prints latencies measured from the scheduled times.
//
// Usage: load PORT [--rate R] [--connections N] [--seconds S] [--warmup S] [--method M] [--paths FILE] [--close]
//             [--realtime] [--steps]
//
// Request k is due k / R seconds after the start. It is sent on the connection that has been idle for the longest time;
// while none is idle it waits, and that wait is part of its latency. With as many connections as requests per second,
// each connection sends one request per second. Without --rate, each connection sends its next request after the
// response to the last one, and the latency starts when it is sent.
//
//   --close     opens a connection for each request and closes it after the response; N is the most that are open
//   --paths     requests the paths in the file, one per line, in turn; the default is /buy
//   --warmup    does not count the requests that are due in the first S seconds
//   --realtime  runs with real-time priority if that is permitted, so that waiting for a CPU that the server uses does
//               not count as latency: clients have their own CPUs
//   --steps     prints `open` when the connections are open, and reads a line before the first request and another one
//               before it closes the connections
//
// The result is one JSON object. `lag` is the delay of this program itself: the time from the moment at which a request
// was due and a connection was idle until it was sent.
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RESPONSE = 4096, STATUSES = 600, DRAIN_SECONDS = 5, OPEN_SECONDS = 20, OPENING = 200, SOURCES = 16 };
#define SECOND 1000000000LL

typedef enum { CLOSED, CONNECTING, IDLE, BUSY } State;

typedef struct {
    int fd;
    State state;
    bool has_request;  // a request is sent as soon as the connection is open
    bool is_counted;
    bool is_queued;    // among the idle connections
    int64_t due, idle_since;
    size_t length;
    char response[RESPONSE];
} Connection;

typedef struct { const char *text; size_t length; } Request;

typedef struct { float *values; size_t count, room; } Times;

static struct {
    int port, connections;
    double rate, seconds, warmup;
    const char *method, *paths;
    bool closes, realtime, steps;
} options = {.connections = 64, .seconds = 2, .method = "POST"};

static Connection *connections;
static Request *requests;
static size_t request_count;
static int poller;

// The idle connections, in the order in which they became idle.
static int *idle;
static size_t idle_first, idle_count;

static int64_t started, counting_from, ends, first_counted, last_answer;
static uint64_t next_request, total_requests, in_flight, open_count;
static uint64_t sent, answered, statuses[STATUSES], failed_connects, lost;
static uint64_t *answered_in_second;
static size_t second_count;
static bool is_realtime;
static Times latencies, lags;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "load: %s (%s)\n", what, errno ? strerror(errno) : "no error of the system");
    exit(1);
}

static void add(Times *times, int64_t nanoseconds) {
    if (times->count == times->room) {
        times->room = times->room ? times->room * 2 : 1 << 16;
        times->values = realloc(times->values, times->room * sizeof(float));
        if (!times->values) fail("memory");
    }
    times->values[times->count++] = (float)nanoseconds / 1e6f;
}

static void watch(Connection *connection, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)(connection - connections)};
    if (epoll_ctl(poller, operation, connection->fd, &event) != 0) fail("epoll_ctl");
}

static void push_idle(Connection *connection) {
    connection->state = IDLE;
    connection->idle_since = now();
    if (connection->is_queued) return;
    connection->is_queued = true;
    idle[(idle_first + idle_count++) % options.connections] = (int)(connection - connections);
}

static Connection *pop_idle(void) {
    while (idle_count) {
        Connection *connection = &connections[idle[idle_first]];
        idle_first = (idle_first + 1) % options.connections;
        idle_count--;
        connection->is_queued = false;
        // Others were closed by the server and are being opened again.
        if (connection->state == IDLE) return connection;
    }
    return NULL;
}

static void close_connection(Connection *connection) {
    if (connection->state == CLOSED) return;
    close(connection->fd);
    connection->state = CLOSED;
    connection->length = 0;
    if (connection->has_request) in_flight--;
    connection->has_request = false;
    open_count--;
}

static void open_connection(Connection *connection);

// After the end of a connection: with --close the next request opens it, otherwise it is opened again at once.
static void release(Connection *connection) {
    close_connection(connection);
    if (options.closes)
        push_idle(connection);
    else
        open_connection(connection);
}

static void send_request(Connection *connection) {
    Request *request = &requests[sent++ % request_count];
    connection->state = BUSY;
    ssize_t written = send(connection->fd, request->text, request->length, MSG_NOSIGNAL);
    // A request is far smaller than the buffer of an idle socket.
    if (written != (ssize_t)request->length) {
        lost++;
        release(connection);
    }
}

static void start_request(Connection *connection, int64_t due, int64_t time);

// Without a rate, an open connection sends its next request at once.
static void next_in_loop(Connection *connection) {
    int64_t time = now();
    if (options.rate == 0 && started && time < ends)
        start_request(connection, time, time);
    else
        push_idle(connection);
}

static void opened(Connection *connection) {
    if (connection->has_request)
        send_request(connection);
    else
        next_in_loop(connection);
}

static void open_connection(Connection *connection) {
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connection->fd < 0) fail("socket");
    int yes = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (options.closes) {
        // Several source addresses: the ports of one are used up by connections that were just closed.
        static uint32_t turn;
        struct sockaddr_in source = {.sin_family = AF_INET};
        source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + turn++ % SOURCES);
        setsockopt(connection->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
        if (bind(connection->fd, (struct sockaddr *)&source, sizeof source) != 0) fail("bind");
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->state = CONNECTING;
    open_count++;
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) == 0) {
        watch(connection, EPOLLIN, EPOLL_CTL_ADD);
        opened(connection);
    } else if (errno == EINPROGRESS) {
        watch(connection, EPOLLOUT, EPOLL_CTL_ADD);
    } else {
        failed_connects++;
        close_connection(connection);
        if (options.closes) push_idle(connection);
    }
}

static void finish_connecting(Connection *connection) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        failed_connects++;
        close_connection(connection);
        if (options.closes) push_idle(connection);
        return;
    }
    watch(connection, EPOLLIN, EPOLL_CTL_MOD);
    opened(connection);
}

static int64_t due_time(uint64_t number) {
    return started + (int64_t)((double)number * SECOND / options.rate);
}

static void start_request(Connection *connection, int64_t due, int64_t time) {
    connection->due = due;
    connection->is_counted = due >= counting_from;
    connection->has_request = true;
    in_flight++;
    if (connection->is_counted) {
        if (!first_counted) first_counted = due;
        if (options.rate > 0) add(&lags, time - (due > connection->idle_since ? due : connection->idle_since));
    }
    if (options.closes)
        open_connection(connection);
    else
        send_request(connection);
}

static void count_response(Connection *connection, int status) {
    int64_t time = now();
    if (connection->is_counted) {
        answered++;
        last_answer = time;
        statuses[status < STATUSES ? status : 0]++;
        add(&latencies, time - connection->due);
        size_t second = (size_t)((time - counting_from) / SECOND);
        answered_in_second[second < second_count ? second : second_count - 1]++;
    }
    connection->has_request = false;
    in_flight--;
    connection->length = 0;
}

// The length of the response in the buffer, or 0 if it is not complete. It must have a Content-Length.
static size_t response_length(Connection *connection) {
    char *end = memmem(connection->response, connection->length, "\r\n\r\n", 4);
    if (!end) return 0;
    *end = 0;
    char *field = strcasestr(connection->response, "\r\nContent-Length:");
    *end = '\r';
    if (!field) fail("a response without Content-Length");
    size_t total = (size_t)(end + 4 - connection->response) + strtoul(field + 17, NULL, 10);
    if (total >= RESPONSE) fail("a response that is too long");
    return total <= connection->length ? total : 0;
}

static void receive(Connection *connection) {
    ssize_t count = recv(connection->fd, connection->response + connection->length, RESPONSE - 1 - connection->length, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
        if (connection->has_request) lost++;
        release(connection);
        return;
    }
    connection->length += (size_t)count;
    connection->response[connection->length] = 0;
    if (!response_length(connection)) return;
    count_response(connection, atoi(connection->response + 9));
    if (options.closes) {
        release(connection);
    } else {
        next_in_loop(connection);
    }
}

// Handles what happens until `until`, or until something has happened.
static void poll_events(int64_t until) {
    struct epoll_event events[512];
    int64_t left = until - now();
    if (left < 0) left = 0;
    struct timespec timeout = {.tv_sec = left / SECOND, .tv_nsec = left % SECOND};
    int count = epoll_pwait2(poller, events, 512, &timeout, NULL);
    for (int index = 0; index < count; index++) {
        Connection *connection = &connections[events[index].data.u32];
        if (connection->state == CONNECTING)
            finish_connecting(connection);
        else if (connection->state != CLOSED)
            receive(connection);
    }
}

static void open_all(void) {
    int64_t limit = now() + OPEN_SECONDS * SECOND;
    while (idle_count < (size_t)options.connections && now() < limit) {
        for (int index = 0; index < options.connections && open_count < idle_count + OPENING; index++)
            if (connections[index].state == CLOSED) open_connection(&connections[index]);
        poll_events(now() + SECOND / 100);
    }
    if (idle_count < (size_t)options.connections) fail("not all connections were opened");
}

static void run_at_rate(void) {
    total_requests = (uint64_t)((options.warmup + options.seconds) * options.rate);
    int64_t give_up = ends + DRAIN_SECONDS * SECOND;
    while (next_request < total_requests || in_flight) {
        int64_t time = now();
        if (time > give_up) break;
        while (next_request < total_requests && due_time(next_request) <= time) {
            Connection *connection = pop_idle();
            if (!connection) break;
            start_request(connection, due_time(next_request++), now());
        }
        poll_events(next_request < total_requests && idle_count ? due_time(next_request) : give_up + 1);
    }
}

static void run_in_a_loop(void) {
    Connection *connection;
    for (int index = 0; index < options.connections && (connection = pop_idle()); index++)
        start_request(connection, now(), now());
    int64_t give_up = ends + DRAIN_SECONDS * SECOND;
    for (int64_t time = now(); time < ends || (in_flight && time < give_up); time = now())
        poll_events(time < ends ? ends : give_up);
}

static int ascending(const void *first, const void *second) {
    float a = *(const float *)first, b = *(const float *)second;
    return (a > b) - (a < b);
}

static void print_times(const char *name, Times *times) {
    static const double points[] = {50, 90, 99, 99.9};
    qsort(times->values, times->count, sizeof(float), ascending);
    printf("\"%s\": {", name);
    for (size_t index = 0; index < 4; index++) {
        size_t place = (size_t)((double)times->count * points[index] / 100);
        printf("\"p%g\": %.4f, ", points[index], times->count ? times->values[place] : NAN);
    }
    printf("\"max\": %.4f}, ", times->count ? times->values[times->count - 1] : NAN);
}

static void print_result(double cpu) {
    double seconds = last_answer > first_counted ? (double)(last_answer - first_counted) / 1e9 : 0;
    printf("{\"statuses\": {");
    const char *separator = "";
    for (int status = 0; status < STATUSES; status++)
        if (statuses[status]) {
            printf("%s\"%d\": %lu", separator, status, statuses[status]);
            separator = ", ";
        }
    printf("}, \"answered\": %lu, \"lost\": %lu, \"failed_connects\": %lu, \"unanswered\": %lu, \"unsent\": %lu, ", answered,
           lost, failed_connects, in_flight, total_requests > next_request ? total_requests - next_request : 0);
    printf("\"seconds\": %.4f, \"per_second\": %.2f, ", seconds, seconds > 0 ? (double)answered / seconds : 0);
    if (latencies.count) print_times("latency_ms", &latencies);
    if (lags.count) print_times("lag_ms", &lags);
    printf("\"answered_in_second\": [");
    for (size_t second = 0; second < second_count; second++) printf("%s%lu", second ? ", " : "", answered_in_second[second]);
    printf("], \"realtime\": %s, \"cpu_percent\": %.1f}\n", is_realtime ? "true" : "false", cpu * 100);
    fflush(stdout);
}

static double cpu_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void parse(int count, char **words) {
    if (count < 2) exit(2);
    options.port = atoi(words[1]);
    for (int index = 2; index < count; index++) {
        const char *name = words[index];
        if (!strcmp(name, "--close")) { options.closes = true; continue; }
        if (!strcmp(name, "--realtime")) { options.realtime = true; continue; }
        if (!strcmp(name, "--steps")) { options.steps = true; continue; }
        if (++index == count) { fprintf(stderr, "load: %s has no value\n", name); exit(2); }
        const char *value = words[index];
        if (!strcmp(name, "--rate")) options.rate = atof(value);
        else if (!strcmp(name, "--connections")) options.connections = atoi(value);
        else if (!strcmp(name, "--seconds")) options.seconds = atof(value);
        else if (!strcmp(name, "--warmup")) options.warmup = atof(value);
        else if (!strcmp(name, "--method")) options.method = value;
        else if (!strcmp(name, "--paths")) options.paths = value;
        else { fprintf(stderr, "load: unknown option %s\n", name); exit(2); }
    }
    if (options.closes && options.rate <= 0) { fprintf(stderr, "load: --close needs --rate\n"); exit(2); }
}

static void add_request(const char *path) {
    char *text;
    bool has_body = strcmp(options.method, "GET") != 0;
    int length = asprintf(&text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n", options.method, path, options.port,
                          has_body ? "Content-Length: 0\r\n" : "");
    requests = realloc(requests, (request_count + 1) * sizeof(Request));
    if (length < 0 || !requests) fail("memory");
    requests[request_count++] = (Request){text, (size_t)length};
}

static void prepare_requests(void) {
    if (!options.paths) return add_request("/buy");
    FILE *file = fopen(options.paths, "r");
    if (!file) fail(options.paths);
    char line[1024];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        add_request(line);
    }
    fclose(file);
}

static void wait_for_line(void) {
    for (int byte; (byte = getchar()) != '\n' && byte != EOF;) {}
}

int main(int count, char **words) {
    parse(count, words);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    prctl(PR_SET_TIMERSLACK, 1);
    if (options.realtime) {
        struct sched_param priority = {.sched_priority = 1};
        is_realtime = sched_setscheduler(0, SCHED_RR, &priority) == 0;
    }
    prepare_requests();
    connections = calloc((size_t)options.connections, sizeof(Connection));
    idle = calloc((size_t)options.connections, sizeof(int));
    second_count = (size_t)options.seconds + DRAIN_SECONDS + 1;
    answered_in_second = calloc(second_count, sizeof(uint64_t));
    poller = epoll_create1(0);
    if (!connections || !idle || !answered_in_second || poller < 0) fail("start");
    if (options.closes)
        for (int index = 0; index < options.connections; index++) push_idle(&connections[index]);
    else
        open_all();
    if (options.steps) {
        puts("open");
        fflush(stdout);
        wait_for_line();
    }
    failed_connects = lost = 0;
    double cpu = cpu_seconds();
    started = now();
    counting_from = started + (int64_t)(options.warmup * SECOND);
    ends = counting_from + (int64_t)(options.seconds * SECOND);
    if (options.rate > 0) run_at_rate(); else run_in_a_loop();
    print_result((cpu_seconds() - cpu) / ((double)(now() - started) / 1e9));
    if (options.steps) wait_for_line();
    return 0;
}
