#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The policy of `jwksctl kube irsa-policy` on real API servers: each pod comes
# back as the rules of amazon-eks-pod-identity-webhook say (JWKSD::Irsa has
# them), asked for again it is not changed any more, and many service accounts
# in a namespace are no obstacle.  With JWKSD_POD_IDENTITY_WEBHOOK naming the
# webhook's own program, it is asked as well and must do the same.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Cluster;
use JWKSD::Irsa;
use JWKSD::Kubernetes;
use JWKSD::Test;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

use constant {
	POLICY_SECONDS => 60,
	MANY           => 300,
	PODS           => 10,
	NEWEST         => '1.36', # its kubectl is for all
};

my %versions = (
	'1.36' => { api => 'v1', args => [] },
	'1.34' => { api => 'v1beta1', args => [
		'--feature-gates=MutatingAdmissionPolicy=true',
		'--runtime-config=admissionregistration.k8s.io/v1beta1=true'] },
);
my $webhook = $ENV{JWKSD_POD_IDENTITY_WEBHOOK};
my ($cluster, $dir, @webhooks);

# The namespace in which a case meets the policy of its set.
sub place { return "policy-$_[0]{set}" }

# Ask for pods, [namespace, pod], as dry runs, one after the other on one
# connection: { status, content } of each.
sub ask
{
	my (@wanted) = @_;
	my ($pki, $url) = ("$dir/pki", $cluster->url);
	my ($config, $n) = ('', 0);

	for my $wanted (@wanted) {
		my ($namespace, $pod) = @$wanted;
		my $file = write_file("$dir/pod-$n", JSON::PP->new->encode($pod));

		$config .= <<"CURL";
next
url = "$url/api/v1/namespaces/$namespace/pods?dryRun=All&fieldValidation=Strict"
cacert = "$pki/ca.crt"
cert = "$pki/admin.crt"
key = "$pki/admin.key"
header = "Content-Type: application/json"
data-binary = "\@$file"
output = "$dir/answer-$n"
write-out = "%{http_code}\\n"
max-time = 30
silent
CURL
		$n++;
	}
	my $done = run({ stdin => $config =~ s/^next\n//r, seconds => 300 },
		'curl', '--config', '-');
	my @status = split /\n/, $done->{out};

	return map { { status => $status[$_], content =>
		JSON::PP->new->decode(read_file("$dir/answer-$_")) } } 0 .. $n - 1;
}

# What is another one each time.
sub settle
{
	my ($pod) = @_;
	my $text = JSON::PP->new->canonical->encode($pod);
	my $same;

	$text =~ s/kube-api-access-[a-z0-9]{5}/kube-api-access/g;
	$same = JSON::PP->new->decode($text);
	delete @{ $same->{metadata} }{qw(uid creationTimestamp namespace
		managedFields generation)};
	delete $same->{metadata}{name} if $same->{metadata}{generateName};
	return $same;
}

# The newest one, for every server.
sub kubectl
{
	my $how = ref $_[0] eq 'HASH' ? shift : {};

	return run($how, kubernetes(NEWEST) . '/kubectl', '--kubeconfig',
		"$dir/admin.conf", @_);
}

sub make_namespace
{
	my ($name) = @_;

	$cluster->must('POST', '/api/v1/namespaces',
		body => { metadata => { name => $name } });
}

sub annotations
{
	my ($case) = @_;
	my $prefix = irsa_sets()->{ $case->{set} }{prefix};
	my $account = $case->{account};

	return { map { ("$prefix/$_" => "$account->{$_}") } keys %$account };
}

# Until pods of the namespace get the role, for nothing else tells.
sub wait_for
{
	my ($case) = @_;
	my $deadline = deadline(POLICY_SECONDS);
	my $got;

	do {
		left($deadline) or die "no role for $case->{why}: "
			. JSON::PP->new->encode($got->{content});
		select undef, undef, undef, 0.1 if $got;
		($got) = ask([place($case), irsa_pod($case)]);
	} until ($got->{status} == 201
		&& JSON::PP->new->encode($got->{content}) =~ /AWS_ROLE_ARN/);
}

# The policy of each set, for the namespaces that are labelled for it.
sub apply_policies
{
	my ($api) = @_;

	for my $name (sort keys %{ irsa_sets() }) {
		my $set = irsa_sets()->{$name};
		my $made = run(program('jwksctl'), 'kube', 'irsa-policy',
			'--api-version', $api, '--name', $name,
			'--annotation-prefix', $set->{prefix}, @{ $set->{options} });

		is($made->{status}, 0, "irsa-policy: $name") or diag $made->{err};
		my $text = $made->{out} =~ s/^spec:\n(?=  policyName)/$&
  matchResources:
    namespaceSelector: { matchLabels: { kubernetes.io\/metadata.name: policy-$name } }
/mr;
		my $done = kubectl({ stdin => $text }, 'apply',
			'--server-side', '--validate=strict', '-f', '-');
		is($done->{status}, 0, '... is taken') or diag $done->{err};
		unlike($done->{err}, qr/Warning/, '... without a warning');
	}
}

# A policy that adds a container, as the webhooks of meshes do.  Whichever is
# first, the container must have the role in the end.
sub add_sidecars
{
	my ($api) = @_;
	my $made = kubectl({ stdin => <<"YAML" }, 'apply', '-f', '-');
apiVersion: admissionregistration.k8s.io/$api
kind: MutatingAdmissionPolicy
metadata: { name: sidecar }
spec:
  reinvocationPolicy: Never
  matchConstraints:
    namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: policy-plain } }
    objectSelector: { matchLabels: { sidecar: wanted } }
    resourceRules:
    - { apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods] }
  mutations:
  - patchType: JSONPatch
    jsonPatch:
      expression: >-
        [JSONPatch{op: "add", path: "/spec/containers/-",
        value: Object.spec.containers{name: "sidecar", image: "sidecar"}}]
---
apiVersion: admissionregistration.k8s.io/$api
kind: MutatingAdmissionPolicyBinding
metadata: { name: sidecar }
spec: { policyName: sidecar }
YAML
	is($made->{status}, 0, 'a policy that adds a container')
		or diag $made->{err};
}

sub check_sidecar
{
	my ($case) = irsa_cases();
	my $pod = irsa_pod($case);
	my $deadline = deadline(POLICY_SECONDS);
	my ($got, @boxes);

	$pod->{metadata}{labels} = { sidecar => 'wanted' };
	do {
		select undef, undef, undef, 0.1 if $got;
		($got) = ask([place($case), $pod]);
		@boxes = @{ $got->{content}{spec}{containers} };
	} until (@boxes == 2 || !left($deadline));
	is_deeply($boxes[1]{env}, $boxes[0]{env}, 'a sidecar has the role too');
	is(scalar(@{ $boxes[1]{env} || [] }), 2, '... once');
}

# The real webhook, one process a set, for the namespace "webhook".
sub start_webhooks
{
	for my $name (grep { irsa_sets()->{$_}{flags} } sort keys %{ irsa_sets() }) {
		my $set = irsa_sets()->{$name};
		my $port = reserve_port();
		my $files = $cluster->{pki}->server("webhook-$name", '127.0.0.1');

		push @webhooks, $cluster->spawn("webhook-$name", $webhook, '--in-cluster=false',
			"--kubeconfig=$dir/admin.conf", "--port=$port",
			'--metrics-port=' . reserve_port(),
			"--tls-cert=$files.crt", "--tls-key=$files.key",
			"--annotation-prefix=$set->{prefix}", @{ $set->{flags} });
		$cluster->must('POST', '/apis/admissionregistration.k8s.io/v1/'
			. 'mutatingwebhookconfigurations',
			body => configuration($name, $port));
	}
}

sub stop_webhooks
{
	JWKSD::Cluster::end($_) for splice @webhooks;
}

# Nothing outlives the test.
END {
	my $status = $?;

	stop_webhooks();
	$? = $status;
}

sub configuration
{
	my ($name, $port) = @_;
	my $ca = read_file($cluster->ca);

	require MIME::Base64;
	return { metadata => { name => $name }, webhooks => [{
		name => "$name.example.com", sideEffects => 'None',
		failurePolicy => 'Fail', admissionReviewVersions => ['v1beta1'],
		clientConfig => { url => "https://127.0.0.1:$port/mutate",
			caBundle => MIME::Base64::encode_base64($ca, '') },
		namespaceSelector => { matchLabels =>
			{ 'kubernetes.io/metadata.name' => 'webhook' } },
		objectSelector => { matchExpressions => [{ operator => 'DoesNotExist',
			key => 'eks.amazonaws.com/skip-pod-identity-webhook' }] },
		rules => [{ apiGroups => [''], apiVersions => ['v1'],
			operations => ['CREATE'], resources => ['pods'] }],
	}] };
}

sub compare
{
	my (@cases) = @_;
	my @before = ask(map { ['without', irsa_pod({ %$_,
		%{ $_->{without} || {} } })] } @cases);
	my @got = ask(map { [place($_), irsa_pod($_)] } @cases);
	my @again = ask(map { [place($cases[$_]), again($got[$_]{content})] }
		0 .. $#cases);

	for my $n (0 .. $#cases) {
		my $case = $cases[$n];

		is($got[$n]{status}, $case->{status}, title($case))
			or diag $got[$n]{content}{message};
		next if $case->{status} != 201;
		my $want = irsa_expected($case, settle($before[$n]{content}));
		is_deeply(settle($got[$n]{content}), $want, '... as the rules say');
		is_deeply(settle($again[$n]{content}), $want,
			'... and no more when it is asked for again');
	}
	compare_webhook(\@cases, \@got) if $webhook;
}

sub title { return $_[0]{why} =~ s/\n/\\n/gr =~ s/\r/\\r/gr }

# A pod that came back, as one to be asked for.
sub again
{
	my ($pod) = @_;
	my %metadata = %{ $pod->{metadata} };

	delete $metadata{namespace};
	return { %$pod, metadata => \%metadata };
}

sub compare_webhook
{
	my ($cases, $ours) = @_;
	my @which = grep { irsa_sets()->{ $cases->[$_]{set} }{flags} } 0 .. $#$cases;
	my @theirs = ask(map { ['webhook', irsa_pod($cases->[$_])] } @which);

	for my $n (@which) {
		my $got = shift @theirs;

		is($got->{status}, $ours->[$n]{status},
			title($cases->[$n]) . ': the webhook');
		is_deeply(settle($ours->[$n]{content}), settle($got->{content}),
			'... does the same') if $got->{status} == 201;
	}
}

# The service accounts of cases, in a namespace.
sub make_accounts
{
	my ($namespace, @cases) = @_;
	my $items = { apiVersion => 'v1', kind => 'List', items => [map { {
		apiVersion => 'v1', kind => 'ServiceAccount', metadata => {
			name => "case-$_->{serial}", namespace => $namespace,
			labels => $_->{account_labels} || {},
			annotations => annotations($_) },
	} } @cases] };
	my $done = kubectl({ stdin => JSON::PP->new->encode($items),
		seconds => 300 }, 'create', '-f', '-');

	is($done->{status}, 0, scalar(@cases) . " service accounts in $namespace")
		or diag $done->{err};
}

# How long a pod takes, in milliseconds.
sub milliseconds
{
	my ($case) = @_;
	my $start = time;

	ask(([place($case), irsa_pod($case)]) x PODS);
	return (time - $start) * 1000 / PODS;
}

sub check_many
{
	my ($case) = irsa_cases();
	my $last = { %$case, serial => 'last' };
	my $few = milliseconds($case);

	make_accounts(place($case), map { { %$case, serial => "more-$_",
		account => { 'role-arn' => ROLE . "-$_" } } } 1 .. MANY);
	make_accounts(place($case), $last);
	wait_for($last);
	my $many = milliseconds($case);
	my ($got) = ask([place($case), irsa_pod($case)]);
	is_deeply([map { $_->{value} } grep { $_->{name} eq 'AWS_ROLE_ARN' }
		@{ $got->{content}{spec}{containers}[0]{env} }], [ROLE],
		'of many roles the pod has its own');
	diag(sprintf '%.1f ms a pod, %.1f ms beside %d service accounts more',
		$few, $many, MANY);
}

sub check_version
{
	my ($version) = @_;
	my $how = $versions{$version};
	my @cases = irsa_cases();
	my %set = map { ("policy-$_" => $_) } keys %{ irsa_sets() };
	my @namespaces = ('without', $webhook ? 'webhook' : (), sort keys %set);

	$dir = scratch();
	$cluster = JWKSD::Cluster->start(dir => $dir, version => $version,
		args => $how->{args});
	make_namespace($_) for @namespaces;
	apply_policies($how->{api});
	start_webhooks() if $webhook;
	add_sidecars($how->{api});
	for my $namespace (@namespaces) {
		make_accounts($namespace, grep { !$set{$namespace}
			|| $_->{set} eq $set{$namespace} } @cases);
	}
	for my $name (keys %{ irsa_sets() }) {
		my ($first) = grep { $_->{set} eq $name } @cases;
		wait_for($first);
	}
	compare(@cases);
	check_sidecar();
	check_many();
	stop_webhooks();
	$cluster->stop;
}

for my $version (sort keys %versions) {
	my $missing = JWKSD::Cluster->missing($version)
		// JWKSD::Cluster->missing(NEWEST);

	subtest "Kubernetes $version" => sub {
		plan skip_all => $missing if defined $missing;
		check_version($version);
	};
}
done_testing();
