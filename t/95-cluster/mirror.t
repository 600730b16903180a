#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# jwksctl mirror and kube check against two real kube-apiservers, which get
# another key the way that it is done without jwksctl.  Were it to fail, a
# cluster whose key files cannot be read would be published wrongly.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Aws;
use JWKSD::Cluster;
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $missing = JWKSD::Cluster->missing;
plan skip_all => $missing if defined $missing;

my $issuer = 'https://oidc.test/prod';
my $dir = scratch();
my $c = JWKSD::Cluster->start(dir => $dir, servers => 2, issuers => [$issuer]);
my $file = "$dir/mirror.jwks";
my $sa = "$dir/pki/sa.pub";
my $new = rsa_key();
my $new_pub = write_file("$dir/new.pub", public_pem($new));
my $new_key = write_file("$dir/new.key", $new->{private}, 0600);
my @mirror = (program('jwksctl'), 'mirror', '--issuer', $issuer, '--out', $file,
	'--ca', $c->ca, '--apiserver', join(',', $c->url(0), $c->url(1)));
my @with_token = ('--bearer', "$dir/token");

sub once { return run(@mirror, '--once', @_) }

sub jwks { return $c->api('GET', '/openid/v1/jwks', url => $c->url($_[0]))->{content} }

sub new_token
{
	replace_file("$dir/token", $c->token('mirror', undef, 600), 0600);
}

sub kids { return map { $_->{kid} } @{ json(read_file($file))->{keys} } }

# --- once ---------------------------------------------------------------

$c->make_service_account($_) for qw(mirror default);
new_token();
my $got = once(@with_token);
is($got->{status}, 0, 'any service account may mirror') or diag $got->{err};
is(read_file($file), jwks(0), 'the bytes are the API server\'s');
my ($old_kid) = kids();
$got = once();
is($got->{status}, 3, 'nobody without a token may');
like($got->{err}, qr/answers 40[13]/, 'as it is told');
write_file("$dir/bad", "x.y.z\n");
$got = once('--bearer', "$dir/bad");
like($got->{err}, qr/answers 401: it wants a token/, 'a token that is none');
$got = once(@with_token, '--out', "$dir/other.jwks");
is($got->{status}, 2, '--out is given once');

# --- as a service, through a change of keys -----------------------------

my $mirror = JWKSD::Daemon->spawn(dir => $dir, argv => [@mirror, @with_token]);
$mirror->wait_notify(qr/^READY=1$/m);
$c->restart(1, accepted => [$sa, $new_pub]);
$mirror->signal('HUP');
$mirror->wait_log(qr/key \S+: added/);
is_deeply([sort(kids())], [sort $old_kid, kid_of($new)],
	'a key that one server accepts is mirrored');
$c->stop_server(0);
new_token_at(1);
$mirror->signal('HUP');
$mirror->wait_log(qr/level=warn/);
is(scalar kids(), 2, 'an outage takes nothing away');
$c->restart(0, accepted => [$new_pub], signing => $new_key);
new_token(); # of the new key, which both accept
$mirror->signal('HUP');
$mirror->wait_log(qr/good again/);
$c->restart(1, accepted => [$new_pub], signing => $new_key);
new_token();
$mirror->signal('HUP');
$mirror->wait_log(qr/key \Q$old_kid\E: no API server shows it any longer/);
is(scalar kids(), 2, 'the old key stays, for its tokens do');
is(once(@with_token, "--accept-removal=$old_kid")->{status}, 0, 'until it may go');
is_deeply([kids()], [kid_of($new)], 'and goes');
$mirror->signal('HUP');
$mirror->wait_notify(qr/1 key, 0 missing; 2 of 2/);
is($mirror->stop, 0, 'the service ends well');

sub new_token_at
{
	my ($n) = @_;

	replace_file("$dir/token",
		$c->token('mirror', undef, 600, url => $c->url($n)), 0600);
}

# --- kube check ---------------------------------------------------------

new_pki($dir);
leaf($dir, name => 'site', host => 'oidc.test');
mkdir "$dir/answers" or die $!;
my $site = JWKSD::Aws::Server->start(chain => "$dir/site",
	answers => "$dir/answers");
my $kr = "$dir/kr";
my @check = (program('jwksctl'), 'kube', 'check', '--kubeconfig', "$dir/admin.conf",
	'--apiserver', $c->url(0), '--apiserver', $c->url(1), '--connect',
	$site->address, '--cacert', "$dir/root.pem", '--keyring', $kr);

is(run(program('jwksctl'), 'init', $kr, '--issuer', $issuer, '--adopt',
	$new_key)->{status}, 0, 'the cluster\'s key is adopted');
write_file("$dir/answers/_prod_.well-known_openid-configuration",
	http_ok(discovery_of($issuer, 'RS256')));
write_file("$dir/answers/_prod_openid_v1_jwks", http_ok(read_file($file)));

sub verdicts
{
	my ($verdict) = @_;
	my $done = run(@check, '-o', 'json');

	return ($done->{status}, [map { $_->{stage} }
		grep { $_->{verdict} eq $verdict } @{ json($done->{out})->{findings} }],
		$done->{out} . $done->{err});
}

my ($status, $stages, $all) = verdicts('fail');
is($status, 0, 'kube check: all agrees') or diag $all;
($status, $stages, $all) = verdicts('warn');
is_deeply($stages, ['keyring'], 'but tokens may live for longer than a day');
like($all, qr/--service-account-max-token-expiration/, 'which has a remedy');

$c->restart($_, args => ['--service-account-max-token-expiration=24h',
	"--api-audiences=$issuer,sts.amazonaws.com"]) for 0, 1;
($status, $stages, $all) = verdicts('warn');
is_deeply($stages, ['audiences'], 'the lifetime is right, an audience is not')
	or diag $all;

# An API server as kubeadm runs it: its flags are its pod's.
$c->must('POST', '/api/v1/namespaces/kube-system/serviceaccounts',
	body => { metadata => { name => 'default' } });
$c->must('POST', '/api/v1/namespaces/kube-system/pods', body => {
	metadata => { name => 'kube-apiserver-a',
		labels => { component => 'kube-apiserver' } },
	spec => { containers => [{ name => 'kube-apiserver', image => 'x',
		command => ['kube-apiserver', '--service-account-issuer=https://old',
			"--service-account-key-file=$sa"] }] },
});
($status, $stages, $all) = verdicts('fail');
is_deeply($stages, ['flags'], 'a flag that disagrees') or diag $all;

# The next key is published before the API servers know it, and one of them
# goes back to the old one.
is(run(program('jwksctl'), 'stage', $kr)->{status}, 0, 'a key is staged');
($status, $stages, $all) = verdicts('fail');
is_deeply($stages, ['flags', 'keyring'], 'a staged key that is not accepted yet')
	or diag $all;
$c->restart(1, accepted => [$sa, $new_pub], signing => "$dir/pki/sa.key");
($status, $stages, $all) = verdicts('fail');
is_deeply($stages, ['jwks', 'token', 'flags', 'keyring', 'published'],
	'a server that signs with another key') or diag $all;

done_testing;
