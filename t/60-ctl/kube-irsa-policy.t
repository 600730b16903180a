#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# kube irsa-policy prints what the options say and nothing that is not safe to
# print.  What API servers make of it: t/95-cluster/irsa.t.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Test;
use Test::More;

sub irsa { return run(program('jwksctl'), 'kube', 'irsa-policy', @_) }

sub printed
{
	my $got = irsa(@_);

	is($got->{status}, 0, "irsa-policy @_") or diag $got->{err};
	unlike($got->{out}, qr/\@[A-Z_]+\@/, '... is filled in');
	unlike($got->{out}, qr/[ \t]$|\t|^$/m, '... without stray blanks');
	return $got->{out};
}

my $policy = printed();
is(join(' ', $policy =~ /^kind: (\w+)/mg),
	'MutatingAdmissionPolicy MutatingAdmissionPolicyBinding', 'policy and binding');
is(join(' ', $policy =~ m{^apiVersion: \w+\.k8s\.io/(\w+)}mg), 'v1 v1', 'both v1');
unlike($policy, qr/AWS_REGION', value|AWS_ROLE_SESSION_NAME/, 'nothing unasked');
like($policy, qr/orValue\('sts\.amazonaws\.com'\)/, 'the audience of STS');
like($policy, qr/^    selector: \{\}$/m, 'every service account');

my $all = printed(qw(--api-version v1beta1 --name roles --annotation-prefix
	iam.example.com --audience https://aud.example.com:8443/a
	--token-expiration 1h --region eu-central-1 --sts-regional-endpoints
	--session-name --selector example.com/irsa=true));
is(join(' ', $all =~ m{^apiVersion: \w+\.k8s\.io/(\w+)}mg), 'v1beta1 v1beta1',
	'another version');
is(join(' ', $all =~ /^  (?:policyN|n)ame: (.*)/mg), 'roles roles roles',
	'another name');
unlike($all, qr{eks\.amazonaws\.com/(?!skip-pod|serviceaccount)},
	'another prefix everywhere');
like($all, qr{orValue\('https://aud\.example\.com:8443/a'\)}, 'another audience');
like($all, qr/\[3600\]/, 'another expiration');
like($all, qr/name: '$_', value: 'eu-central-1'/, $_)
	for qw(AWS_REGION AWS_DEFAULT_REGION);
like($all, qr/!\(params.*'false'/s, 'regional unless annotated');
like($all, qr/AWS_ROLE_SESSION_NAME/, 'the session name');
like($all, qr{^        example\.com/irsa: 'true'$}m, 'labelled service accounts');

my $webhook = printed('--webhook', '--region', 'eu-central-1');
is(join(' ', $webhook =~ /^kind: (\w+)/mg), join(' ', qw(Namespace
	ServiceAccount ClusterRole ClusterRoleBinding Deployment
	PodDisruptionBudget Service Issuer Certificate
	MutatingWebhookConfiguration)), 'the webhook and all that it needs');
like($webhook, qr/^        - --$_$/m, "--$_") for qw(
	aws-default-region=eu-central-1 token-audience=sts.amazonaws.com
	token-expiration=86400 sts-regional-endpoint=false
	annotation-prefix=eks.amazonaws.com);
like(printed('--webhook', '--image', 'registry:5000/a@sha256:0a', '--namespace',
	'aws'), qr{image: registry:5000/a\@sha256:0a$}m, 'another image');

# what would break out of an expression or of YAML, or be ignored
for my $case (
	['--audience', q(a'||'b)], ['--audience', 'a"b'], ['--audience', 'a\\'],
	['--audience', ''], ['--audience', "a\nb"], ['--audience', 'a' x 256],
	['--annotation-prefix', 'A.example'], ['--annotation-prefix', 'x/'],
	['--name', 'a.b'], ['--name', 'a: b'], ['--name', '-a'],
	['--region', 'eu central'], ['--region', ''],
	['--selector', 'irsa'], ['--selector', 'a=b=c'], ['--selector', q(a='b)],
	['--api-version', 'v1alpha1'], ['--token-expiration', '9m'],
	['--token-expiration', '25h'], ['--token-expiration', 'soon'],
	['--webhook', '--session-name'], ['--webhook', '--selector', 'a=b'],
	['--webhook', '--api-version', 'v1'], ['--image', 'a'],
	['--webhook', '--image', 'a b'], ['--namespace', 'a'],
	['--webhook', '--namespace', 'a.b'], ['word'])
{
	my $got = irsa(@$case);

	is($got->{status}, 2, "refused: @$case");
	is($got->{out}, '', '... and nothing is printed');
	like($got->{err}, qr/\Ajwksctl: kube irsa-policy: .+; see `jwksctl/s, '... and said why');
}

done_testing();
