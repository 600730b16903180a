/* SPDX-License-Identifier: MIT */
#include "admin_sample.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/metrics.h"
#include "admin/status.h"

static void
render(const struct admin_sample *s, struct buf *b)
{
	const struct admin_query none = {0};

	assert_int_equal(
		admin_metrics_render(&s->view, &none, SAMPLE_NOW, b), 200);
	assert_true(buf_ok(b));
}

static void
assert_line(const struct buf *b, const char *line)
{
	char text[256];

	snprintf(text, sizeof(text), "\n%s\n", line);
	if (strstr(b->data, text) == NULL)
		fail_msg("no line: %s", line);
}

static void
test_table(void **state)
{
	struct error e = {0};
	size_t i, len;

	(void)state;
	if (metric_check(admin_metrics, admin_metrics_count, "jwksd_", &e) != 0)
		fail_msg("%s", e.text);
	for (i = 0; i < admin_metrics_count; i++) {
		len = strlen(admin_metrics[i].help);
		assert_int_equal(admin_metrics[i].help[len - 1], '.');
		assert_null(strpbrk(admin_metrics[i].help, "\\\n"));
	}
}

/* Every family once, in the order of the table, and under each # TYPE line
 * its own samples only. */
static void
test_families_are_whole(void **state)
{
	struct admin_sample *s = admin_sample_new(3);
	struct buf b = BUF_INIT;
	char *line, *rest;
	const struct metric *m = NULL;
	size_t next = 0, n;

	(void)state;
	admin_sample_health(s, 1, OIDC_ABSENT, "no key was found");
	render(s, &b);
	rest = b.data;
	for (line = strsep(&rest, "\n"); strcmp(line, "# EOF") != 0;
		line = strsep(&rest, "\n")) {
		assert_non_null(rest);
		if (strncmp(line, "# TYPE ", 7) == 0) {
			assert_true(next < admin_metrics_count);
			m = &admin_metrics[next++];
			n = strlen(m->name);
			assert_memory_equal(line + 7, m->name, n);
			assert_int_equal(line[7 + n], ' ');
		} else if (line[0] != '#') {
			assert_non_null(m);
			n = strlen(m->name);
			assert_memory_equal(line, m->name, n);
			n += strncmp(line + n, "_total", 6) == 0 ? 6 : 0;
			n += strncmp(line + n, "_info", 5) == 0 ? 5 : 0;
			assert_true(line[n] == '{' || line[n] == ' ');
		}
	}
	assert_int_equal(next, admin_metrics_count);
	assert_string_equal(rest, "");
	buf_release(&b);
	admin_sample_free(s);
}

static void
test_values(void **state)
{
	struct admin_sample *s = admin_sample_new(3);
	struct buf b = BUF_INIT;

	(void)state;
	admin_sample_health(s, 0, OIDC_HELD, "a key vanished");
	oidc_tally_count(s->tally, 0, s->issuers[0]->slot, OIDC_JWKS, 1000);
	oidc_tally_count(s->tally, 1, s->issuers[0]->slot, OIDC_JWKS, 3000);
	oidc_tally_count(s->tally, 1, s->issuers[1]->slot, OIDC_JWKS, 2000);
	s->view.reloads_bad = 2;
	s->workers[1].generation = 41;
	render(s, &b);
	assert_line(&b, "jwksd_build_info{version=\"1.2.3\"} 1");
	assert_line(&b, "jwksd_ready 1");
	assert_line(&b, "jwksd_reloads_total{result=\"bad\"} 2");
	assert_line(&b, "jwksd_issuers{health=\"fresh\"} 2");
	assert_line(&b, "jwksd_issuers{health=\"held\"} 1");
	assert_line(&b, "jwksd_issuers_omitted 0");
	assert_line(&b, "jwksd_keys{state=\"staged\",alg=\"RS256\"} 3");
	assert_line(&b, "jwksd_keys{state=\"none\",alg=\"ES256\"} 0");
	assert_line(&b, "jwksd_fetches_total{document=\"jwks\"} 3");
	assert_line(&b, "jwksd_last_fetch_timestamp_seconds{document=\"jwks\"}"
			" 3000");
	assert_line(&b, "jwksd_worker_catalog_generation{worker=\"1\"} 41");
	assert_line(&b, "jwksd_requests_total{worker=\"0\",class=\"2xx\"} 0");
	assert_line(&b, "jwksd_connections_shed_total{worker=\"1\","
			"cause=\"descriptors\"} 0");
	assert_line(&b, "jwksd_issuer_health{issuer=\"https://oidc.example.com/"
			"c000000\",health=\"held\"} 1");
	assert_line(&b, "jwksd_issuer_fetches_total{issuer=\"https://oidc."
			"example.com/c000000\",document=\"jwks\"} 2");
	assert_line(&b, "jwksd_issuer_next_step_timestamp_seconds{issuer="
			"\"https://oidc.example.com/c000002\"} 1795539600");
	assert_line(&b, "jwksd_issuer_newest_key_timestamp_seconds{issuer="
			"\"https://oidc.example.com/c000002\"} 1795453200");
	/* never fetched: no sample */
	assert_null(strstr(b.data, "document=\"discovery\"} 1"));
	assert_null(strstr(b.data,
		"last_fetch_timestamp_seconds{document=\"discovery\"}"));
	buf_release(&b);
	s->view.draining = true;
	render(s, &b);
	assert_line(&b, "jwksd_ready 0");
	buf_release(&b);
	admin_sample_free(s);
}

static size_t
lines(const struct buf *b)
{
	const char *p;
	size_t n = 0;

	for (p = strchr(b->data, '\n'); p != NULL; p = strchr(p + 1, '\n'))
		n++;
	return n;
}

static void
test_cardinality_is_bounded(void **state)
{
	struct admin_sample *few = admin_sample_new(ADMIN_METRICS_ISSUERS);
	struct admin_sample *many = admin_sample_new(100000);
	struct buf a = BUF_INIT, b = BUF_INIT;

	(void)state;
	admin_sample_health(many, 99999, OIDC_ABSENT, "no key was found");
	render(few, &a);
	render(many, &b);
	assert_line(&a, "jwksd_issuers_omitted 0");
	assert_line(&b, "jwksd_issuers_omitted 99900");
	assert_line(&b, "jwksd_keys{state=\"active\",alg=\"RS256\"} 99999");
	assert_true(lines(&b) <= lines(&a));
	/* the one with a problem is in, for a fresh one that is out */
	assert_non_null(strstr(b.data, "/c099999\",health=\"absent\"} 1"));
	assert_non_null(strstr(b.data, "/c000098\""));
	assert_null(strstr(b.data, "/c000099\""));
	buf_release(&a);
	buf_release(&b);
	admin_sample_free(few);
	admin_sample_free(many);
}

/* promtool reads the older text form: counters and infos carry their suffix
 * in # TYPE and # HELP too, and there is no info, # UNIT or # EOF. */
static void
put_prometheus(FILE *to, char *openmetrics)
{
	static const char *const suffix[] = {
		[METRIC_COUNTER] = "_total",
		[METRIC_GAUGE] = "",
		[METRIC_INFO] = "_info",
	};
	char *line, *rest = openmetrics;
	const struct metric *m = NULL;

	for (line = strsep(&rest, "\n"); rest != NULL;
		line = strsep(&rest, "\n")) {
		if (strncmp(line, "# TYPE ", 7) == 0) {
			m = m == NULL ? admin_metrics : m + 1;
			fprintf(to, "# TYPE %s%s %s\n", m->name,
				suffix[m->type],
				m->type == METRIC_COUNTER ? "counter"
							  : "gauge");
		} else if (strncmp(line, "# HELP ", 7) == 0) {
			fprintf(to, "# HELP %s%s %s\n", m->name,
				suffix[m->type], m->help);
		} else if (line[0] != '#') {
			fprintf(to, "%s\n", line);
		}
	}
}

static void
test_promtool_agrees(void **state)
{
	struct admin_sample *s = admin_sample_new(2);
	struct buf b = BUF_INIT;
	int to[2], status;
	FILE *f;
	pid_t pid;

	(void)state;
	render(s, &b);
	assert_int_equal(pipe(to), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		close(to[0]);
		close(to[1]);
		execlp("promtool", "promtool", "check", "metrics",
			(char *)NULL);
		_exit(127);
	}
	close(to[0]);
	signal(SIGPIPE, SIG_IGN);
	f = fdopen(to[1], "w");
	assert_non_null(f);
	put_prometheus(f, b.data);
	fclose(f);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	buf_release(&b);
	admin_sample_free(s);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		print_message("# skipped: promtool is not installed\n");
		return; /* cmocka's skip() is "not ok" in TAP */
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_families_are_whole),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_cardinality_is_bounded),
		cmocka_unit_test(test_promtool_agrees),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
