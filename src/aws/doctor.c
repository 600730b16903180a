/* SPDX-License-Identifier: MIT */
/*
 * The rounds: each stage in STS's order, and the report.  Invariant: every
 * stage leaves at least one finding, and the order of findings is that of the
 * stages.
 */
#include "aws/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "aws/internal.h"

static const struct {
	const char *name;
	void (*look)(struct doctor *d);
} stages[AWS_STAGES] = {
	[AWS_STAGE_URL] = {"url", doctor_url},
	[AWS_STAGE_DNS] = {"dns", doctor_dns},
	[AWS_STAGE_TLS] = {"tls", doctor_tls},
	[AWS_STAGE_DISCOVERY] = {"discovery", doctor_discovery},
	[AWS_STAGE_JWKS] = {"jwks", doctor_jwks},
	[AWS_STAGE_KEYRING] = {"keyring", doctor_keyring},
	[AWS_STAGE_APISERVER] = {"apiserver", doctor_apiserver},
	[AWS_STAGE_TOKEN] = {"token", doctor_token},
	[AWS_STAGE_PROVIDER] = {"provider", doctor_provider},
	[AWS_STAGE_POLICY] = {"trust-policy", doctor_policy},
};

const char *
aws_stage_name(enum aws_stage stage)
{
	return stages[stage].name;
}

const char *
aws_verdict_name(enum aws_verdict verdict)
{
	switch (verdict) {
	case AWS_SKIPPED:
		return "skip";
	case AWS_PASSED:
		return "ok";
	case AWS_WARNED:
		return "warn";
	case AWS_FAILED:
		return "fail";
	}
	return "";
}

const struct aws_finding *
aws_report_broken(const struct aws_report *report)
{
	size_t i;

	for (i = 0; i < report->count; i++)
		if (report->findings[i].verdict == AWS_FAILED)
			return &report->findings[i];
	return NULL;
}

bool
doctor_failed(const struct doctor *d, enum aws_stage stage)
{
	size_t i;

	for (i = 0; i < d->report->count; i++)
		if (d->report->findings[i].stage == stage &&
			d->report->findings[i].verdict == AWS_FAILED)
			return true;
	return false;
}

static struct aws_finding *add(struct doctor *d, enum aws_verdict verdict,
	const char *fmt, va_list args) __attribute__((format(printf, 3, 0)));

/* A place for a finding: the last one is written over when there are too
 * many, so that a stage never has to count. */
static struct aws_finding *
add(struct doctor *d, enum aws_verdict verdict, const char *fmt, va_list args)
{
	struct aws_report *r = d->report;
	struct aws_finding *f;

	if (r->count < AWS_FINDINGS_MAX)
		r->count++;
	f = &r->findings[r->count - 1];
	*f = (struct aws_finding){.stage = d->stage, .verdict = verdict};
	vsnprintf(f->seen, sizeof(f->seen), fmt, args);
	return f;
}

struct aws_finding *
doctor_say(struct doctor *d, enum aws_verdict verdict, const char *fmt, ...)
{
	struct aws_finding *f;
	va_list args;

	va_start(args, fmt);
	f = add(d, verdict, fmt, args);
	va_end(args);
	return f;
}

void
doctor_fail(struct doctor *d, enum aws_sts sts, const char *todo,
	const char *fmt, ...)
{
	const struct error why = {0};
	struct aws_refusal r = {0};
	struct aws_finding *f;
	va_list args;

	va_start(args, fmt);
	f = add(d, AWS_FAILED, fmt, args);
	va_end(args);
	snprintf(f->todo, sizeof(f->todo), "%s", todo);
	(void)aws_refuse(&r, sts,
		sts == AWS_STS_NO_PROVIDER ? d->patient->issuer : "", &why);
	f->sts = sts;
	snprintf(f->message, sizeof(f->message), "%s", r.message);
}

void
doctor_warn(struct doctor *d, const char *todo, const char *fmt, ...)
{
	struct aws_finding *f;
	va_list args;

	va_start(args, fmt);
	f = add(d, AWS_WARNED, fmt, args);
	va_end(args);
	snprintf(f->todo, sizeof(f->todo), "%s", todo);
}

void
doctor_refuse(struct doctor *d, const struct aws_refusal *r, const char *todo)
{
	struct aws_finding *f = doctor_say(d, AWS_FAILED, "%s", r->why.text);

	snprintf(f->todo, sizeof(f->todo), "%s", todo);
	f->sts = r->sts;
	snprintf(f->message, sizeof(f->message), "%s", r->message);
}

void
aws_doctor(const struct aws_patient *patient, struct aws_report *report)
{
	struct doctor d = {.patient = patient, .report = report};
	int i;

	report->count = 0;
	for (i = 0; i < AWS_STAGES; i++) {
		d.stage = (enum aws_stage)i;
		stages[i].look(&d);
	}
	aws_tls_release(&d.tls);
	aws_discovery_release(&d.discovery);
	key_set_release(&d.keys);
}
