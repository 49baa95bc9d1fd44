/* What a C programmer writes for tcp-hello: a server's and a client's thread
 * with blocking calls. For each line on the standard input, "ROUNDS JOBS", so
 * many rounds are run, so many at a time, and the processor time that they took
 * is answered, in microseconds. */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE 17

static const char from_client[] = "Hello from client";
static const char from_server[] = "Hello from server";

static void must(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static void receive(int fd, const char *want)
{
	char buf[SIZE];
	size_t got = 0;

	while (got < SIZE) {
		ssize_t n = recv(fd, buf + got, SIZE - got, 0);
		must(n > 0, "recv");
		got += (size_t)n;
	}
	must(memcmp(buf, want, SIZE) == 0, "the data differs");
}

static void *serve(void *arg)
{
	int listener = *(int *)arg;
	int conn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	must(conn >= 0, "accept");
	receive(conn, from_client);
	must(send(conn, from_server, SIZE, MSG_NOSIGNAL) == SIZE, "send");
	close(conn);
	close(listener);
	return NULL;
}

static void *call(void *arg)
{
	struct sockaddr_in *addr = arg;
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	must(s >= 0, "socket");
	must(connect(s, (struct sockaddr *)addr, sizeof *addr) == 0, "connect");
	must(send(s, from_client, SIZE, MSG_NOSIGNAL) == SIZE, "send");
	receive(s, from_server);
	close(s);
	return NULL;
}

static void hello(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	pthread_t server, client;
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	must(l >= 0, "socket");
	must(bind(l, (struct sockaddr *)&addr, sizeof addr) == 0, "bind");
	must(listen(l, 3) == 0, "listen");
	must(getsockname(l, (struct sockaddr *)&addr, &len) == 0, "getsockname");
	must(pthread_create(&server, NULL, serve, &l) == 0, "pthread_create");
	must(pthread_create(&client, NULL, call, &addr) == 0, "pthread_create");
	pthread_join(client, NULL);
	pthread_join(server, NULL);
}

static void *rounds(void *arg)
{
	for (int i = *(int *)arg; i > 0; i--)
		hello();
	return NULL;
}

static long long microseconds(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

static long long used(void)
{
	struct rusage u;

	must(getrusage(RUSAGE_SELF, &u) == 0, "getrusage");
	return microseconds(u.ru_utime) + microseconds(u.ru_stime);
}

int main(void)
{
	int count, jobs;

	while (scanf("%d %d", &count, &jobs) == 2 && jobs >= 1 && jobs <= 64) {
		pthread_t threads[64];
		int each = count / jobs;
		long long before = used();

		for (int i = 0; i < jobs; i++)
			must(pthread_create(&threads[i], NULL, rounds, &each) == 0, "pthread_create");
		for (int i = 0; i < jobs; i++)
			pthread_join(threads[i], NULL);
		printf("%lld\n", used() - before);
		fflush(stdout);
	}
	return 0;
}
