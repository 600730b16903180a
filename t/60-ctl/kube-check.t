#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# jwksctl kube check: a cluster, a keyring and what is published agree, or the
# one thing that does not is named, with what to do.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Aws;
use JWKSD::Ctl;
use JWKSD::Keys;
use JWKSD::Kube;
use JWKSD::Test;
use MIME::Base64 qw(encode_base64);
use Test::More;

my $dir = scratch();
my $cluster = JWKSD::Kube->cluster($dir);
my ($one, $two) = map { $cluster->apiserver } 1 .. 2;
my ($key, $other) = map { ec_key() } 1 .. 2;
my ($kid, $other_kid) = map { kid_of($_) } $key, $other;
leaf($dir, name => 'site');
mkdir "$dir/site-answers" or die $!;
my $site = JWKSD::Aws::Server->start(chain => "$dir/site",
	answers => "$dir/site-answers");
my $kr = "$dir/kr";

sub publish
{
	my (@keys) = @_;

	replace_file("$dir/site-answers/_prod_.well-known_openid-configuration",
		http_ok(discovery_of(CLUSTER, 'ES256')));
	replace_file("$dir/site-answers/_prod_openid_v1_jwks",
		http_ok(jwks_of(@keys)));
}

# Everything as it should be.
sub mend
{
	for my $server ($one, $two) {
		$server->says_issuer(CLUSTER);
		$server->shows($key);
		$server->signs($key, aud => [CLUSTER]);
		$server->runs('kube-apiserver-a' => [
			'--service-account-issuer=' . CLUSTER,
			'--service-account-key-file=/etc/jwksd/apiserver/sa.pub',
			'--service-account-signing-key-file=/etc/jwksd/apiserver/sa.key',
		]);
	}
	publish($key);
}

write_file("$dir/sa.key", $key->{private}, 0600);
at(time);
ctl_ok('init', $kr, '--issuer', CLUSTER, '--adopt', "$dir/sa.key");

sub config
{
	my ($cluster_part, $user_part, %how) = @_;

	return write_file($how{path} || "$dir/config", <<"YAML", 0600);
apiVersion: v1
kind: Config
current-context: main
contexts:
- name: other
  context: { cluster: nowhere, user: nobody }
- context:
    cluster: test
    user: me
  name: main
clusters:
- name: test
  cluster:
$cluster_part
users:
- name: me
  user:
$user_part
YAML
}

my $server_line = '    server: ' . $one->url;
my $ca_line = "    certificate-authority: $cluster->{ca}";
config("$server_line\n$ca_line", "    token: s3cret");

my @site = ('--connect', $site->address, '--cacert', $cluster->{ca});
my @config = ('--kubeconfig', "$dir/config");

sub check { return ctl('kube', 'check', @_) }

# The stages that have this verdict, and all that is said.
sub found
{
	my ($verdict, @arguments) = @_;
	my $got = check(@arguments ? @arguments : (@config, @site, '--keyring', $kr),
		'-o', 'json');
	my $findings = $got->{out} ? json($got->{out})->{findings} : [];

	return (join(' ', map { $_->{stage} }
			grep { $_->{verdict} eq $verdict } @$findings),
		join("\n", map { "$_->{seen} -> " . ($_->{todo} // '') } @$findings),
		$got);
}

# Broken so, this stage says this.
sub broken
{
	my ($what, $verdict, $stage, $why, @arguments) = @_;
	my ($stages, $said, $got) = found($verdict, @arguments);

	is($stages, $stage, "$what: $stage") or diag $said, $got->{err};
	like($said, $why, "$what: it says what");
	is($got->{status}, $verdict eq 'fail' ? 1 : 0, "$what: the exit status");
	unlike($said, qr/s3cret|eyJ/, "$what: no token is shown");
	mend();
}

mend();
my ($stages, $said, $got) = found('ok');
is($stages, 'issuer jwks token audiences flags keyring keyring published',
	'all is well') or diag $said, $got->{err};
is($got->{status}, 0, 'which the exit status says');
my @requests = $one->requests;
is(scalar(grep { /^Authorization: Bearer s3cret\r$/m } @requests),
	scalar @requests, 'the token is shown to the API server');
unlike(read_file("$dir/site-answers/requests"), qr/Authorization/i,
	'and to nobody else');
$got = check(@config, @site);
like($got->{out}, qr/^keyring +skip +no --keyring given$/m, 'without a keyring');
is($got->{status}, 0, 'is well too');

# --- one thing at a time ------------------------------------------------

$one->says_issuer('https://other.example.com');
broken('another issuer', 'fail', 'issuer token flags published',
	qr/the keyring is for https:\/\/oidc/);
$one->shows($key, $other);
broken('a key that is not published', 'fail', 'published',
	qr/key $other_kid of the API servers is not published/);
publish($key, $other);
broken('a key that nobody accepts', 'warn', 'published',
	qr/key $other_kid is published, and no API server accepts it/);
$one->shows($key, $other);
publish($key, $other);
broken('a key that the keyring does not know', 'warn', 'keyring',
	qr/accept key $other_kid, which the keyring does not know/);
$one->shows($other);
$one->signs($other);
publish($other);
broken('another key signs', 'fail', 'token keyring',
	qr/signs with $other_kid, which the keyring does not know -> .*--adopt/);
$one->signs($other);
broken('a signer that is not accepted', 'fail', 'token',
	qr/the key $other_kid that signed it is in no JWKS -> .*--service-account-key-file/);
$one->says('/api/v1/namespaces/default/serviceaccounts/default/token',
	http_raw('201 Created', [], json_text({ spec => { audiences => [] },
		status => { expirationTimestamp => '2030-01-01T00:00:00Z',
			token => token($other, claims(), kid => $kid) } })));
broken('a signature that is not', 'fail', 'token', qr/signature/);
$one->signs($key, iss => 'https://other.example.com');
broken('the issuer of a token', 'fail', 'token', qr/iss is https:\/\/other/);
$one->signs($key, audiences => [CLUSTER, 'sts.amazonaws.com']);
broken('the audience of AWS', 'warn', 'audiences', qr/take it out of --api-audiences/);
$one->signs($key, life => 25 * 3600);
broken('tokens that live long', 'warn', 'keyring', qr/live longer than the 1d/);
$one->says('/api/v1/namespaces/default/serviceaccounts/default/token',
	http_raw('403 Forbidden', ['Content-Length: 0'], ''));
broken('no token is given', 'fail', 'token',
	qr/answers 403.*create on serviceaccounts\/token/);
$one->runs('a' => ['--service-account-issuer=' . CLUSTER],
	'b' => ['--service-account-issuer=https://old.example.com']);
broken('a server with another flag', 'fail', 'flags', qr/b: --service-account-issuer/);
$one->runs('a' => ['--service-account-issuer=' . CLUSTER,
	'--service-account-key-file=/etc/kubernetes/pki/sa.pub']);
broken('key files that are not the keyring\'s', 'warn', 'flags',
	qr/a: --service-account-key-file is \/etc\/kubernetes\/pki\/sa.pub/);
$one->runs();
broken('no pods', 'skip', 'flags', qr/cannot be seen/);
unlink "$dir/site-answers/_prod_openid_v1_jwks";
broken('no JWKS', 'fail', 'published', qr/jwks: answers 404/);

my @two = (@config, @site, '--keyring', $kr, '--apiserver', $one->url,
	'--apiserver', $two->url);
$two->shows($key, $other);
publish($key, $other);
broken('servers with other keys', 'fail', 'jwks',
	qr/key $other_kid is accepted by \S+ only/, @two);
$two->says_issuer('https://other.example.com');
broken('servers with other issuers', 'fail', 'issuer',
	qr/issues as https:\/\/other.example.com, others as/, @two);

# Staged, and not yet everywhere.
ctl_ok('stage', $kr);
my $staged = key_in($kr, 'staged')->{kid};
broken('a staged key', 'fail', 'keyring',
	qr/do not accept key $staged, which is staged -> restart every API server/);

# --- how a cluster is reached -------------------------------------------

$_->breaks, $_->says('/openid/v1/jwks', '@close') for $one;
$got = check(@config, @site);
is($got->{status}, 3, 'nobody answers');
like($got->{err}, qr/no API server could be asked/, 'which is not a finding');
mend();

my @options = (@site, '--apiserver', $one->url, '--ca', $cluster->{ca}, '--bearer',
	write_file("$dir/token", "s3cret\n", 0600));
{
	local $ENV{HOME} = "$dir/nowhere";
	local $ENV{KUBECONFIG};
	delete $ENV{KUBECONFIG};
	is(check(@options)->{status}, 0, 'options are enough');
	like(check(@site)->{err}, qr{nowhere/.kube/config: cannot be found}, 'no config');
	mkdir "$dir/home";
	mkdir "$dir/home/.kube";
	write_file("$dir/home/.kube/config", read_file("$dir/config"));
	$ENV{HOME} = "$dir/home";
	is(check(@site)->{status}, 0, '~/.kube/config');
	$ENV{KUBECONFIG} = "$dir/config";
	is(check(@site)->{status}, 0, 'KUBECONFIG');
	$ENV{KUBECONFIG} = "$dir/config:$dir/other";
	like(check(@site)->{err}, qr/several files/, 'several');
}

my %pem = map { $_ => encode_base64(read_file("$dir/$_"), '') }
	qw(root.pem site.pem site.key);
my $data = "    certificate-authority-data: $pem{'root.pem'}";
my %good = (
	'data'        => ["$server_line\n$data", '    token: s3cret'],
	'a slash'     => ["$server_line/\n$data", '    token: s3cret'],
	'a file name' => ["$server_line\n    certificate-authority: root.pem",
		'    tokenFile: token'],
	'a client\'s certificate' => ["$server_line\n$data",
		"    client-certificate-data: $pem{'site.pem'}\n"
			. "    client-key-data: $pem{'site.key'}"],
	'... as files' => ["$server_line\n$data",
		"    client-certificate: site.pem\n    client-key: site.key"],
);
for my $what (sort keys %good) {
	config(@{ $good{$what} });
	is(check(@config, @site)->{status}, 0, "kubeconfig: $what")
		or diag check(@config, @site)->{err};
}
my %bad = (
	'no server'  => ['    x: y', '    token: t', qr/has no server/],
	'http'       => ['    server: http://localhost', '    token: t', qr/https/],
	'unverified' => ["$server_line\n    insecure-skip-tls-verify: true",
		'    token: t', qr/insecure-skip-tls-verify/],
	'no user'    => [$server_line, '    exec: { command: aws }', qr/--bearer/],
	'no base64'  => ["$server_line\n    certificate-authority-data: '%%'",
		'    token: t', qr/certificate-authority-data: is not base64/],
	'no file'    => ["$server_line\n    certificate-authority: none.pem",
		'    token: t', qr/none.pem: cannot be found/],
	'no YAML'    => ["$server_line\n  -: [", '    token: t', qr/line \d+: not YAML/],
);
for my $what (sort keys %bad) {
	config(@{ $bad{$what} }[0, 1]);
	$got = check(@config, @site);
	is($got->{status}, 3, "kubeconfig: $what: status");
	like($got->{err}, qr/$bad{$what}[2]/, "kubeconfig: $what: it says why");
}
config("$server_line\n$ca_line", '    token: s3cret');
like(check(@config, '--context', 'none')->{err},
	qr/contexts: nothing is called "none"/, 'no such context');
like(check(@config, '--context', 'other')->{err},
	qr/clusters: nothing is called "nowhere"/, 'a context that leads nowhere');
is(check(@config, '--service-account', '../x')->{status}, 2, 'no account');

done_testing;
