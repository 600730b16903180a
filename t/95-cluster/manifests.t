#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# What contrib/kubernetes and `jwksctl kube irsa-policy --webhook` make, on a
# real API server: every object is taken in strict validation, its own restricted
# Pod Security takes the pods of every template, and selectors find what they
# are for.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Cluster;
use JWKSD::Test;
use JSON::PP ();
use Test::More;

# Whose kinds an API server does not have of its own: their definitions are
# published as Go modules.
my %definitions = (
	'sigs.k8s.io/gateway-api@v1.6.3' => 'config/crd/standard',
	'github.com/cert-manager/cert-manager@v1.21.2' => 'deploy/crds',
);
my $top = source_dir() . '/contrib/kubernetes';
my $missing = JWKSD::Cluster->missing('1.36');

plan skip_all => $missing if defined $missing;

my $dir = scratch();
my $cluster = JWKSD::Cluster->start(dir => $dir, version => '1.36');

sub kubectl_ok
{
	my ($why, @arguments) = @_;
	my $done = $cluster->kubectl(@arguments);

	is($done->{status}, 0, $why) or diag $done->{err};
	unlike($done->{err}, qr/Warning/, "$why, without a warning");
	return $done->{out};
}

# The directory of a Go module, or undef.
sub go_module
{
	my ($module) = @_;
	my $go = has_program('go') or return undef;
	my $done = run({ seconds => 300, setup => sub { chdir $dir } }, $go, 'mod',
		'download', '-json', $module);

	return $done->{status} == 0 ? json($done->{out})->{Dir} : undef;
}

sub define_kinds
{
	for my $module (sort keys %definitions) {
		my $found = go_module($module) or return "$module cannot be had";

		kubectl_ok("the kinds of $module", 'apply', '--server-side', '-f',
			"$found/$definitions{$module}");
	}
	kubectl_ok('they are served', 'wait', '--for=condition=Established',
		'--timeout=60s', 'customresourcedefinitions', '--all');
	return undef;
}

# An operator's own kustomization, of the base and components.
sub overlay
{
	my ($name, @components) = @_;
	my $list = join '', map { "- ../../src/$_\n" } @components;

	mkdir "$dir/overlays";
	mkdir "$dir/overlays/$name";
	symlink $top, "$dir/src" unless -e "$dir/src";
	write_file("$dir/overlays/$name/issuer.conf",
		qq(issuer "https://oidc.example.com/prod" { keys = "x" }\n));
	write_file("$dir/overlays/$name/kustomization.yaml", <<"YAML");
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: jwksd
resources: [../../src/base]
components:
$list
configMapGenerator:
- name: jwksd
  behavior: merge
  files: [issuer.conf]
- name: jwksd-mirror
  literals: ["ISSUER=https://oidc.example.com/prod"]
YAML
	return "$dir/overlays/$name";
}

sub objects_of
{
	my ($yaml) = @_;
	my $done = $cluster->kubectl({ stdin => $yaml }, 'create',
		'--dry-run=client', '--validate=ignore', '-o', 'json', '-f', '-');
	# one JSON object after the other
	my $parser = JSON::PP->new;

	is($done->{status}, 0, 'read as objects') or diag $done->{err};
	return $parser->incr_parse($done->{out});
}

sub labels_match
{
	my ($labels, $selector) = @_;

	return %$selector && !grep { ($labels->{$_} // '') ne $selector->{$_} }
		keys %$selector;
}

# Whatever selects pods selects those of the template.
sub check_selectors
{
	my ($why, @objects) = @_;
	my ($deployment) = grep { $_->{kind} eq 'Deployment' } @objects;
	my $labels = $deployment->{spec}{template}{metadata}{labels};
	my %selects = (
		Deployment          => sub { $_[0]{selector}{matchLabels} },
		PodDisruptionBudget => sub { $_[0]{selector}{matchLabels} },
		NetworkPolicy       => sub { $_[0]{podSelector}{matchLabels} },
		Service             => sub { $_[0]{selector} },
	);

	for my $object (grep { $selects{ $_->{kind} } } @objects) {
		ok(labels_match($labels, $selects{ $object->{kind} }->(
			$object->{spec}) || {}), "$why: $object->{kind} selects the pods");
	}
	cmp_ok($deployment->{spec}{replicas}, '>=', 2, "$why: replicas");
	return $deployment;
}

# The pod that the controller would make, where Pod Security is restricted.
sub check_pod
{
	my ($why, $deployment) = @_;
	my $namespace = $deployment->{metadata}{namespace};
	my $template = $deployment->{spec}{template};
	my $pod = { apiVersion => 'v1', kind => 'Pod', metadata => {
		generateName => 'pod-', labels => $template->{metadata}{labels} },
		spec => $template->{spec} };
	my $post = sub { $cluster->api('POST', "/api/v1/namespaces/$namespace/pods"
		. '?dryRun=All&fieldValidation=Strict', body => $_[0]) };
	my $got = $post->($pod);

	is($got->{status}, 201, "$why: the pod is restricted enough")
		or diag $got->{content};
	local $pod->{spec}{containers}[0]{securityContext}
		{allowPrivilegeEscalation} = JSON::PP::true;
	$got = $post->($pod);
	is($got->{status}, 403, '... and another would not be')
		or diag $got->{content};
	like($got->{content}, qr/violates PodSecurity/, '... for that reason');
}

# All of it: made for real, since each needs the ones before it.
sub check_manifests
{
	my ($why, $yaml) = @_;
	my @objects = objects_of($yaml);
	my $deployment = check_selectors($why, @objects);
	my $file = write_file("$dir/manifests.yaml", $yaml);
	my ($namespace) = map { $_->{metadata}{name} }
		grep { $_->{kind} eq 'Namespace' } @objects;

	kubectl_ok("$why: taken", 'apply', '--server-side', '--validate=strict',
		'-f', $file);
	kubectl_ok("$why: taken again", 'apply', '--server-side',
		'--validate=strict', '--dry-run=server', '-f', $file);
	my $account = $deployment->{spec}{template}{spec}{serviceAccountName};
	kubectl_ok("$why: its service account is there", '-n', $namespace, 'get',
		'serviceaccount', $account);
	check_pod($why, $deployment);
	kubectl_ok("$why: taken away", 'delete', '--wait=false', '-f', $file);
	# nobody empties a namespace here
	kubectl_ok("$why: and its namespace", 'replace', '--raw',
		"/api/v1/namespaces/$namespace/finalize", '-f', write_file(
		"$dir/namespace.json", JSON::PP->new->encode({ apiVersion => 'v1',
		kind => 'Namespace', metadata => { name => $namespace },
		spec => { finalizers => [] } })));
}

my $undefined = define_kinds();
for my $what (
	['mirror and Ingress', overlay('first', qw(mirror ingress))],
	['mirror and Gateway', overlay('second', qw(mirror gateway))],
	['ConfigMap', overlay('third', 'configmap')],
	['all', overlay('all', qw(mirror configmap ingress))],
	['the example', "$top/example"])
{
	my ($why, $path) = @$what;

	SKIP: {
		skip "$why: $undefined", 1 if defined $undefined && $why =~ /Gateway/;
		check_manifests($why, kubectl_ok("$why: built", 'kustomize',
			'--load-restrictor=LoadRestrictionsNone', $path));
	}
}
SKIP: {
	skip "the webhook: $undefined", 1 if defined $undefined;
	my $made = run(program('jwksctl'), 'kube', 'irsa-policy', '--webhook',
		'--region', 'eu-central-1');

	is($made->{status}, 0, 'the webhook') or diag $made->{err};
	check_manifests('the webhook', $made->{out});
}
$cluster->stop;
done_testing();
