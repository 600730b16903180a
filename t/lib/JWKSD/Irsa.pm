# SPDX-License-Identifier: MIT
#
# What amazon-eks-pod-identity-webhook does to a pod, written down from its
# source (pkg/handler/handler.go, pkg/cache/cache.go at v0.6.17), and the cases
# in which that shows.  Knows nothing of how `jwksctl kube irsa-policy` does it.
package JWKSD::Irsa;

use strict;
use warnings;
use Exporter qw(import);
use JSON::PP ();

our @EXPORT = qw(irsa_cases irsa_sets irsa_expected irsa_pod ROLE);

use constant {
	ROLE   => 'arn:aws:iam::123456789012:role/web',
	VOLUME => 'aws-iam-token',
	PATH   => '/var/run/secrets/eks.amazonaws.com/serviceaccount',
};

# How each is told what to do where nothing is annotated: the same in members
# for irsa_expected(), in options of irsa-policy and in flags of the webhook.
my %sets = (
	plain => {
		prefix => 'eks.amazonaws.com', audience => 'sts.amazonaws.com',
		expiration => 86_400, options => [], flags => [],
	},
	full => {
		prefix => 'full.example.com', audience => 'https://aud.example.com',
		expiration => 3600, regional => 1, region => 'eu-central-1',
		options => [qw(--sts-regional-endpoints --region eu-central-1
			--token-expiration 1h --audience https://aud.example.com)],
		flags => [qw(--sts-regional-endpoint=true
			--aws-default-region=eu-central-1 --token-expiration=3600
			--token-audience=https://aud.example.com)],
	},
	# which the webhook cannot
	selected => {
		prefix => 'selected.example.com', audience => 'sts.amazonaws.com',
		expiration => 86_400, selector => 1,
		options => ['--selector', 'example.com/irsa=yes'],
	},
	session => {
		prefix => 'session.example.com', audience => 'sts.amazonaws.com',
		expiration => 86_400, session => 1, options => ['--session-name'],
	},
);

sub irsa_sets { return \%sets }

sub env { return [map { { name => $_->[0], value => $_->[1] } } @_] }
sub box { return { name => shift, image => 'image.example.com/a', @_ } }
sub role { return { 'role-arn' => ROLE, @_ } }

my $token = [VOLUME, PATH];
my @identity = (['AWS_ROLE_ARN', 'arn:aws:iam::123456789012:role/own'],
	['AWS_WEB_IDENTITY_TOKEN_FILE', '/own/token']);
my @region = ['AWS_REGION', 'us-east-1'];
my @default_region = ['AWS_DEFAULT_REGION', 'us-east-1'];
my @sts = ['AWS_STS_REGIONAL_ENDPOINTS', 'legacy'];
my $mount = { name => VOLUME, mountPath => '/elsewhere' };
my @abc = map { box($_) } qw(a b c);

# A case: why, and what differs from a pod of one container whose service
# account has a role.  annotations are without their prefix; status is the API
# server's, 201 unless said; without is what the pod needs where there is neither
# policy nor webhook.
my @cases = (
	['a container', {}],
	['no annotation', { account => {} }],
	['an empty role', { account => { 'role-arn' => '' } }],
	['only an audience', { account => { audience => 'a' } }],
	['a role that is none', { account => { 'role-arn' => 'web' } }],
	['the audience', { account => role(audience => 'vault') }],
	['an empty audience', { account => role(audience => '') }],
	['an audience with quotes', { account => role(audience => q(a'"\b)) }],

	['expires as annotated', { account => role('token-expiration' => 7200) }],
	['expires too early', { account => role('token-expiration' => 599) }],
	['expires before', { account => role('token-expiration' => -7200) }],
	['expires at +7200', { account => role('token-expiration' => '+7200') }],
	['expires at 007200', { account => role('token-expiration' => '007200') }],
	['expires in 2h', { account => role('token-expiration' => '2h') }],
	['expires never', { account => role('token-expiration' => '') }],
	['expires at 7200.0', { account => role('token-expiration' => '7200.0') }],
	['expires at 7_200', { account => role('token-expiration' => '7_200') }],
	['expires after a blank', { account => role('token-expiration' => ' 7200') }],
	['expires beyond numbers',
		{ account => role('token-expiration' => '9' x 30) }],
	['expires beyond what is allowed', { status => 422,
		account => role('token-expiration' => 2**32 + 1) }],
	['expires as the pod says', { account => role('token-expiration' => 7200),
		annotations => { 'token-expiration' => 4000 } }],
	['expires too early, the pod says',
		{ account => role('token-expiration' => 7200),
		annotations => { 'token-expiration' => 1 } }],
	['expires as the pod cannot say',
		{ account => role('token-expiration' => 7200),
		annotations => { 'token-expiration' => 'soon' } }],
	['expires at a loss', { account => role('token-expiration' => 'late'),
		annotations => { 'token-expiration' => 'soon' } }],

	(map { ["sts-regional-endpoints: '$_'",
		{ account => role('sts-regional-endpoints' => $_) }] }
		qw(true True TRUE t T 1 false False FALSE f F 0 yes tRue), ''),
	['regional already', { account => role('sts-regional-endpoints' => 'true'),
		containers => [box('a', env => env(@sts))] }],

	['a container skipped', { skip => 'b', containers => [@abc] }],
	['two skipped', { skip => 'a,c', containers => [@abc] }],
	['skipped, but for a blank', { skip => 'a, c', containers => [@abc] }],
	['skipped in quotes', { skip => '"a","c"', containers => [@abc] }],
	['skipped, one in quotes', { skip => 'a,"c"', containers => [@abc] }],
	['skipped and a newline', { skip => "a,b\n", containers => [@abc] }],
	['skipped and CR LF', { skip => "a,b\r\n", containers => [@abc] }],
	['skipped after a newline', { skip => "\na", containers => [@abc] }],
	['the second line', { skip => "a\nb", containers => [@abc] }],
	['a comma too much', { skip => 'a,,b,', containers => [@abc] }],
	['none skipped', { skip => '', containers => [@abc] }],
	['a stranger skipped', { skip => 'ab', containers => [@abc] }],
	['all skipped', { skip => 'a,b,c', containers => [@abc] }],
	['an init container skipped', { skip => 'i',
		containers => [box('a')], init => [box('i'), box('j')] }],

	['other variables', { containers => [box('a', env => env(['A', 'b']))] }],
	['a variable from elsewhere', { containers => [box('a', env => [{
		name => 'NODE', valueFrom => { fieldRef =>
		{ fieldPath => 'spec.nodeName' } } }])] }],
	['variables from a ConfigMap', { containers => [box('a', envFrom =>
		[{ configMapRef => { name => 'c' } }])] }],
	['a variable twice',
		{ containers => [box('a', env => env(['A', 'b'], ['A', 'c']))] }],
	['a port twice', { containers => [box('a', ports => [
		{ name => 'a', containerPort => 80 },
		{ name => 'b', containerPort => 80 }])] }],
	['both variables', { containers => [box('a', env => env(@identity))] }],
	['its role', { containers => [box('a', env => env($identity[0]))] }],
	['its token', { containers => [box('a', env => env($identity[1]))] }],
	['its own in one of three', { containers =>
		[box('a'), box('b', env => env(@identity)), box('c')] }],
	['its region', { containers => [box('a', env => env(@region))] }],
	['role and region',
		{ containers => [box('a', env => env(@identity, @region))] }],
	['role and regional',
		{ containers => [box('a', env => env(@identity, @sts))] }],
	['role, region and regional',
		{ containers => [box('a', env => env(@sts, $identity[1], @region))] }],

	['other volumes', { volumes => [{ name => 'v', emptyDir => {} }],
		containers => [box('a', volumeMounts =>
			[{ name => 'v', mountPath => '/v' }])] }],
	['the volume', { volumes => [{ name => VOLUME, emptyDir => {} }] }],
	['the mount', { containers => [box('a', volumeMounts => [$mount]),
		box('b')], without => { volumes => [{ name => VOLUME }] } }],
	['volume and mount', { volumes => [{ name => VOLUME, emptyDir => {} }],
		containers => [box('a', volumeMounts => [$mount])] }],
	['the path taken', { status => 422,
		volumes => [{ name => 'v', emptyDir => {} }],
		containers => [box('a', volumeMounts =>
			[{ name => 'v', mountPath => PATH }])] }],
	['no other volume', { spec =>
		{ automountServiceAccountToken => JSON::PP::false } }],

	['init containers', { init => [box('i'), box('j', env => env(['A', 'b']))] }],
	['an init container with a role', { init => [box('i', env =>
		env(@identity))] }],
	['a sidecar', { init => [box('i', restartPolicy => 'Always')] }],

	(map { ["$_: windows", { spec => { nodeSelector => { $_ => 'windows' } } }] }
		'kubernetes.io/os', 'beta.kubernetes.io/os', 'example.com/os'),
	['windows by both', { spec => { nodeSelector => { map { $_ => 'windows' }
		'kubernetes.io/os', 'beta.kubernetes.io/os' } } }],
	['windows, then linux', { spec => { nodeSelector => {
		'kubernetes.io/os' => 'linux',
		'beta.kubernetes.io/os' => 'windows' } } }],
	['linux', { spec => { nodeSelector => { 'kubernetes.io/os' => 'linux' } } }],
	['windows, not for the scheduler',
		{ spec => { os => { name => 'windows' } } }],

	['labelled to be left alone', { labels =>
		{ 'eks.amazonaws.com/skip-pod-identity-webhook' => '' } }],
	['labelled otherwise', { labels => { app => 'web' } }],
	['annotated otherwise', { plain_annotations => { 'example.com/a' => 'b' } }],
	['a name to be generated', { name => undef }],
	['fifty containers',
		{ containers => [map { box("c$_", env => env(map { ["V$_", "$_"] }
			1 .. 20)) } 1 .. 50] }],

	(map { ["full: $_->[0]", { %{ $_->[1] }, set => 'full' }] }
		['nothing else', {}],
		['a region', { containers => [box('a', env => env(@region))] }],
		['a default region',
			{ containers => [box('a', env => env(@default_region))] }],
		['both regions', { containers => [box('a', env =>
			env(@region, @default_region))] }],
		['its own', { containers => [box('a', env => env(@identity))] }],
		['role, region and regional', { containers => [box('a', env =>
			env(@identity, @default_region, @sts))] }],
		['skipped', { skip => 'a', containers => [@abc] }],
		['all annotated', { account => role(audience => 'b',
			'token-expiration' => 900, 'sts-regional-endpoints' => 'f') }],
		['annotated wrongly', { account => role(
			'token-expiration' => '', 'sts-regional-endpoints' => 'no') }],
		['init', { init => [box('i')] }]),

	(map { ["session: $_->[0]", { %{ $_->[1] }, set => 'session' }] }
		(map { ["a name of $_", { name => 'p' x $_ }] }
			1, 2, 63, 64, 65, 253),
		['a name to be generated', { name => undef }],
		['init', { init => [box('i')] }],
		['its session', { containers => [box('a', env =>
			env(['AWS_ROLE_SESSION_NAME', 'me']))] }],
		['its role', { containers => [box('a', env => env(@identity))] }],
		['skipped', { skip => 'a', containers => [@abc] }]),

	['selected', { set => 'selected', account_labels =>
		{ 'example.com/irsa' => 'yes' } }],
	['selected: another label', { set => 'selected', account_labels =>
		{ 'example.com/irsa' => 'no' } }],
	['selected: no label', { set => 'selected' }],
);

# Each with its number, and what it does not say filled in.
sub irsa_cases
{
	my $n = 0;

	return map { {
		why => $_->[0], serial => $n++, set => 'plain', account => role(),
		name => 'web', status => 201, containers => [box('a')],
		%{ $_->[1] },
	} } @cases;
}

# The pod that is asked for, in a namespace.
sub irsa_pod
{
	my ($case) = @_;
	my $prefix = $sets{ $case->{set} }{prefix};
	my %said = %{ $case->{annotations} || {} };

	$said{'skip-containers'} = $case->{skip} if defined $case->{skip};
	return {
		apiVersion => 'v1', kind => 'Pod',
		metadata => {
			(defined $case->{name} ? (name => $case->{name})
				: (generateName => 'web-')),
			labels => $case->{labels} || {},
			annotations => { %{ $case->{plain_annotations} || {} },
				map { ("$prefix/$_" => "$said{$_}") } keys %said },
		},
		spec => {
			%{ $case->{spec} || {} },
			serviceAccountName => "case-$case->{serial}",
			containers => $case->{containers},
			map { $case->{$_->[0]} ? ($_->[1] => $case->{$_->[0]}) : () }
				['init', 'initContainers'], ['volumes', 'volumes'],
		},
	};
}

# strconv.ParseInt(text, 10, 64), or undef
sub parse_int
{
	my ($text) = @_;

	return undef unless defined $text && $text =~ /\A([-+]?)0*([0-9]{1,18})\z/;
	return $1 eq '-' ? -$2 : $2 + 0;
}

# strconv.ParseBool(text), or undef
sub parse_bool
{
	my ($text) = @_;

	return undef unless defined $text;
	return 1 if $text =~ /\A(?:1|t|T|TRUE|true|True)\z/;
	return 0 if $text =~ /\A(?:0|f|F|FALSE|false|False)\z/;
	return undef;
}

# The first record of encoding/csv.
sub parse_csv
{
	my ($text) = @_;
	my ($line) = grep { $_ ne '' } split /\r?\n/, $text;
	my @fields;

	push @fields, defined $1 ? $1 =~ s/""/"/gr : $2
		while ($line // '') =~ /\G(?:"((?:[^"]|"")*)"|([^",]*))(?:,|\z)/g;
	return @fields;
}

sub expiration
{
	my ($set, @said) = @_;

	for my $seconds (map { parse_int($_) } @said) {
		return $seconds < 600 ? 600 : $seconds if defined $seconds;
	}
	return $set->{expiration};
}

# What is done to a container.
sub equip
{
	my ($container, $set, $arn, $file, $regional, $pod_name) = @_;
	my %has = map { $_->{name} => 1 } @{ $container->{env} };
	my $identity = $has{AWS_ROLE_ARN} || $has{AWS_WEB_IDENTITY_TOKEN_FILE};
	my $region = $has{AWS_REGION} || $has{AWS_DEFAULT_REGION};
	my $sts = $has{AWS_STS_REGIONAL_ENDPOINTS};
	my @more;

	return if $identity && $region && $sts;
	push @more, ['AWS_STS_REGIONAL_ENDPOINTS', 'regional']
		if $regional && !$sts;
	push @more, map { [$_, $set->{region}] } qw(AWS_DEFAULT_REGION AWS_REGION)
		if defined $set->{region} && !$region;
	push @more, ['AWS_ROLE_ARN', $arn], ['AWS_WEB_IDENTITY_TOKEN_FILE', $file]
		unless $identity;
	push @{ $container->{env} }, @{ env(@more) } if @more;
	push @{ $container->{env} }, session($pod_name) if $set->{session}
		&& !$identity && !$has{AWS_ROLE_SESSION_NAME};
	push @{ $container->{volumeMounts} },
		{ name => VOLUME, readOnly => JSON::PP::true, mountPath => PATH }
		unless grep { $_->{name} eq VOLUME } @{ $container->{volumeMounts} };
}

# Ours, not the webhook's: what STS takes of the name.
sub session
{
	my ($name) = @_;
	my $variable = { name => 'AWS_ROLE_SESSION_NAME' };

	return () if defined $name && length $name < 2;
	return { %$variable, value => substr $name, 0, 64 }
		if defined $name && length $name > 64;
	return { %$variable, valueFrom => { fieldRef =>
		{ apiVersion => 'v1', fieldPath => 'metadata.name' } } };
}

# What becomes of a pod, as the API server has it without policy or webhook.
sub irsa_expected
{
	my ($case, $pod) = @_;
	my $set = $sets{ $case->{set} };
	my $said = $pod->{metadata}{annotations} || {};
	my $account = $case->{account};
	my $spec = $pod->{spec};
	my $arn = $account->{'role-arn'} // '';
	my $selector = $spec->{nodeSelector} || {};
	my $file = PATH . '/token';
	my %skip = map { $_ => 1 }
		parse_csv($said->{"$set->{prefix}/skip-containers"} // '');

	@{ $spec->{volumes} } = grep { $_->{name} ne VOLUME } @{ $spec->{volumes} }
		if $case->{without};
	return $pod if $set->{selector}
		&& ($case->{account_labels}{'example.com/irsa'} // '') ne 'yes';
	return $pod if $arn eq '' || exists +($pod->{metadata}{labels} || {})
		->{'eks.amazonaws.com/skip-pod-identity-webhook'};
	$file = 'C:' . $file =~ tr{/}{\\}r
		if grep { ($selector->{"$_/os"} // '') eq 'windows' }
			qw(kubernetes.io beta.kubernetes.io);
	equip($_, $set, $arn, $file,
		parse_bool($account->{'sts-regional-endpoints'})
			// $set->{regional}, $case->{name})
		for grep { !$skip{ $_->{name} } } @{ $spec->{containers} },
			@{ $spec->{initContainers} || [] };
	my $audience = $account->{audience} // $set->{audience};
	unshift @{ $spec->{volumes} }, {
		name => VOLUME,
		projected => { defaultMode => 420, sources => [{ serviceAccountToken => {
			($audience ne '' ? (audience => $audience) : ()),
			expirationSeconds => expiration($set,
				$said->{"$set->{prefix}/token-expiration"},
				$account->{'token-expiration'}),
			path => 'token',
		} }] },
	} unless grep { $_->{name} eq VOLUME } @{ $spec->{volumes} };
	return $pod;
}

1;
