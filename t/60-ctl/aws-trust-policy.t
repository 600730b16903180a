#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# aws trust-policy and aws audit: exact by default, merged without touching what
# is there, and said when it is too wide or too large.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Aws;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $bare = ISSUER =~ s{^https://}{}r;
my $serial = 0;

sub ctl { return run(program('jwksctl'), @_) }

sub trust
{
	return ctl('aws', 'trust-policy', '--issuer', ISSUER, '--account', ACCOUNT,
		@_);
}

sub trust_ok
{
	my $got = trust(@_);

	is($got->{status}, 0, 'aws trust-policy') or diag $got->{err};
	return $got->{out};
}

sub file { return write_file("$dir/file" . $serial++, $_[0]) }

sub accounts { return map { ('--service-account', $_) } @_ }

my $one = trust_ok(accounts('shop/web'));
is_deeply(json($one), json(policy_json()), 'aud and sub, both exact');
is(trust_ok(accounts('shop/web'), '--merge', file($one)), $one,
	'merged twice: the same bytes');
my $two = trust_ok(accounts('shop/web', 'shop/db'), '--merge', file($one));
is_deeply(json($two)->{Statement}[0]{Condition}{StringEquals}{"$bare:sub"},
	['system:serviceaccount:shop:web', 'system:serviceaccount:shop:db'],
	'grouped in one statement');
is(trust_ok(accounts('shop/db'), '--remove', file($two)), $one, 'removed again');
like(trust(accounts('shop/db'), '--remove', file($one))->{err},
	qr/1 of 1 were not in the policy/, 'said when there is nothing to remove');
is(trust(accounts('shop/web'), '--remove', file($one))->{status}, 3,
	'the last statement is not removed');

# several clusters in a role, other partitions
my $clusters = run(program('jwksctl'), 'aws', 'trust-policy', '--issuer',
	'https://oidc.example.com/dev', '--account', ACCOUNT, '--partition',
	'aws-eusc', accounts('shop/web'), '--merge', file($one))->{out};
is(scalar @{ json($clusters)->{Statement} }, 2, 'two clusters, two statements');
like($clusters, qr{"arn:aws-eusc:iam::123456789012:oidc-provider/oidc\.example\.com/dev"},
	'in its partition');
is(index($clusters, substr $one, 0, index($one, ']')  - 3), 0,
	'the first one as it was');

# wildcards, only when asked for
is(trust(accounts('shop/*'))->{status}, 2, 'a wildcard is refused');
my $wide = trust(accounts('shop/*'), '--wildcard');
like($wide->{err}, qr/warning: .*shop:\* also lets in/, 'or warned about');
is_deeply(json($wide->{out})->{Statement}[0]{Condition},
	{ StringEquals => { "$bare:aud" => 'sts.amazonaws.com' },
		StringLike => { "$bare:sub" => 'system:serviceaccount:shop:*' } },
	'and is StringLike');

# sizes
my $long = trust(accounts('shop/' . 'w' x 240));
like($long->{err}, qr/warning: .*267 characters.*no sub over 255/, 'a sub too long');
is($long->{status}, 0, '... is a warning');
my $large = trust(accounts(map { "namespace-$_/service-account-$_" } 1 .. 40));
like($large->{err}, qr/warning: the policy has \d{4} characters.*IAM takes 2048/,
	'over the quota');
is(trust(accounts(map { "namespace-$_/service-account-$_" } 1 .. 200))->{status},
	3, 'over what the quota can be raised to');
is(trust(accounts(map { "n/s$_" } 1 .. 257))->{status}, 2, 'too many at once');

# a role, in each form
my @role = (accounts('shop/web'), '--role', 'web');
my $cli = json(trust_ok(@role));
is($cli->{RoleName}, 'web', 'aws-cli: the role');
is_deeply(json($cli->{AssumeRolePolicyDocument}), json(policy_json()),
	'aws-cli: its policy, as a string');
is_deeply(json(trust_ok(@role, '--for', 'cloudformation'))->{Resources}{Role},
	{ Type => 'AWS::IAM::Role', Properties => { RoleName => 'web',
		AssumeRolePolicyDocument => json(policy_json()) } }, 'cloudformation');
my ($hcl) = trust_ok(@role, '--for', 'terraform')
	=~ /assume_role_policy = jsonencode\((.*?)\)\n\}/s;
is_deeply(json($hcl), json(policy_json()), 'terraform');
my ($cdk) = trust_ok(@role, '--for', 'cdk') =~ /'Role', (\{.*?\n {4}\})\);/s;
is_deeply(json($cdk), { roleName => 'web',
	assumeRolePolicyDocument => json(policy_json()) }, 'cdk');

# bad input: one line each, nothing on standard output
my @bad = (
	[2, 'no service account'], [2, 'not NS/NAME', accounts('web')],
	[2, 'upper case', accounts('Shop/web')],
	[2, 'a form without a role', accounts('a/b'), '--for', 'cdk'],
	[2, 'a role\'s name', accounts('a/b'), '--role', 'a b'],
	[2, 'merge and remove', accounts('a/b'), '--merge', 'x', '--remove', 'y'],
	[3, 'no such file', accounts('a/b'), '--merge', "$dir/none"],
	[3, 'a directory', accounts('a/b'), '--merge', "$dir"],
	[3, 'not JSON', accounts('a/b'), '--merge', file('Version: 2012')],
	[3, 'no policy', accounts('a/b'), '--merge', file('{"a":1}')],
	[3, 'a member twice', accounts('a/b'), '--merge',
		file('{"Statement":[],"Statement":[]}')],
	[3, 'nested deep', accounts('a/b'), '--merge',
		file('{"Statement":' . '[' x 100_000)],
	[3, 'over 1 MB', accounts('a/b'), '--merge', file(' ' x 1_048_577)],
);
for (@bad) {
	my ($status, $name, @args) = @$_;
	my $got = trust(@args);

	is($got->{status}, $status, "refused: $name") or diag $got->{err};
	is($got->{out}, '', "$name: nothing is printed");
	is(() = $got->{err} =~ /\n/g, 1, "$name: one line");
}

# audit: policies and what the CLI prints of them
my $sound = file(policy_json());
my $open = file(policy_json(Condition => {}));
is(ctl('aws', 'audit', $sound)->{status}, 0, 'nothing to find');
is(ctl('aws', 'audit', $sound, '--issuer', ISSUER)->{status}, 0, 'as expected');
like(ctl('aws', 'audit', $sound, '--issuer', 'https://x.example')->{out},
	qr/foreign-issuer/, 'another issuer is expected');
my $found = ctl('aws', 'audit', $sound, $open);
is($found->{status}, 1, 'a finding');
like($found->{out}, qr/^\Q$open\E: statement 1: no-audience: /m, 'its place');
like($found->{out}, qr/^\Q$open\E: statement 1: no-subject: /m, 'all of them');
like($found->{out}, qr/^2 policies, 2 findings$/m, 'counted');
my @roles = ({ RoleName => 'a', AssumeRolePolicyDocument => json(policy_json()) },
	{ RoleName => 'b', AssumeRolePolicyDocument => policy_json(Condition => {}) });
for (['get-role', { Role => $roles[1] }], ['list-roles', { Roles => \@roles }],
	['account details', { RoleDetailList => \@roles }],
	['create-role\'s input', $roles[1]]) {
	my ($name, $document) = @$_;
	my $report = json(ctl('aws', 'audit', '-o', 'json',
		file(json_text($document)))->{out});

	is_deeply([map { "$_->{role} $_->{kind}" } @{ $report->{findings} }],
		['b no-audience', 'b no-subject'], "$name: the role is named");
}
is(ctl('aws', 'audit', file('{}'))->{status}, 3, 'not a policy');
is(ctl('aws', 'audit', "$dir/none", $open)->{status}, 3, 'not there');
is(ctl('aws', 'audit')->{status}, 2, 'no file');

done_testing;
