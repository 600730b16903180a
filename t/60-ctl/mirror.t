#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# jwksctl mirror: one file from several API servers.  If this failed, a key
# that signs could be missing from what jwksd publishes, or one that does not
# belong there could be in it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Aws;
use JWKSD::Ctl;
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Kube;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $cluster = JWKSD::Kube->cluster($dir);
my ($one, $two) = map { $cluster->apiserver } 1 .. 2;
my ($old, $new, $third) = map { ec_key() } 1 .. 3;
my ($old_kid, $new_kid) = map { kid_of($_) } $old, $new;
my $file = "$dir/mirror.jwks";
my @first = ('--ca', $cluster->{ca}, '--issuer', CLUSTER, '--once', '--out', $file,
	'--apiserver', $one->url);
my @both = (@first, '--apiserver', $two->url);

delete @ENV{qw(KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT)};
at(START);

sub mirror { return ctl('mirror', @_) }

sub kids
{
	return map { $_->{kid} } @{ json(read_file($file))->{keys} };
}

# mirror() fails as it should, says why, and leaves the file alone.
sub refused
{
	my ($what, $why, $status, @arguments) = @_;
	my $before = -e $file ? read_file($file) : undef;
	my $got = mirror(@arguments ? @arguments : @first);

	is($got->{status}, $status, "$what: status");
	like($got->{err}, $why, "$what: it says why");
	is($got->{err} =~ tr/\n//, 1 + ($got->{err} =~ /is not there yet/),
		"$what: once");
	is(-e $file ? read_file($file) : undef, $before, "$what: nothing changes");
}

# --- one server ---------------------------------------------------------

$one->shows($old);
my $jwks = $one->shows($old);
my $got = mirror(@first);
is($got->{status}, 0, 'a first run') or diag $got->{err};
is(read_file($file), $jwks, 'the bytes are the API server\'s');
is((stat $file)[2] & 07777, 0644, 'others may read it');
is($got->{out}, "key $old_kid: added\n$file: 1 key, written\n", 'it says so');
is($got->{err}, '', 'and nothing else');
my $inode = (stat _)[1];
$got = mirror(@first);
is($got->{out}, "$file: 1 key, unchanged\n", 'nothing new');
is((stat $file)[1], $inode, 'the file was not touched');
is(scalar(grep { /^\./ && !/^\.\.?$/ } do {
	opendir my $d, "$dir" or die; readdir $d }), 0, 'nothing is left beside it');

# --- what is not believed -----------------------------------------------

my %broken = (
	'empty'      => ['{"keys":[]}', qr/shows no key/],
	'no JWKS'    => ['<html>', qr/jwks: /],
	'private'    => ['{"keys":[' . (jwk_of($new) =~ s/}$/,"d":"AAAA"}/r) . ']}',
		qr/private/],
	'symmetric'  => ['{"keys":[{"kty":"oct","kid":"x","k":"AAAA"}]}', qr/private key/],
	'half good'  => ['{"keys":[' . jwk_of($old) . ',{"kty":"EC"}]}', qr/keys\[1\]/],
	'twice'      => ['{"keys":[' . jwk_of($old) . '],"keys":[]}', qr/jwks: /],
	'the kid of another key' => ['{"keys":[' . jwk_of($new, kid => $old_kid) . ']}',
		qr/kid \Q$old_kid\E/],
);
for my $what (sort keys %broken) {
	$one->says('/openid/v1/jwks', http_ok($broken{$what}[0]));
	refused("a JWKS: $what", $broken{$what}[1], 3);
}
$one->says('/openid/v1/jwks', http_ok(' ' x (300 * 1024)));
refused('a JWKS of 300 kB', qr/more than 262144 bytes/, 3);
$one->says('/openid/v1/jwks', '@flood');
refused('a JWKS without an end', qr/more than 262144 bytes/, 3);
$one->says('/openid/v1/jwks', http_raw('302 Found',
	['Location: ' . $two->url . '/openid/v1/jwks', 'Content-Length: 0'], ''));
$two->shows($new);
refused('a redirect', qr/answers 302, a redirect, which is not followed/, 3);
is(scalar $two->requests, 0, 'which nobody followed');
$one->says('/openid/v1/jwks', http_raw('403 Forbidden', ['Content-Length: 0'], ''));
refused('403', qr/system:service-account-issuer-discovery/, 3);
$one->says('/openid/v1/jwks', http_raw('401 Unauthorized', ['Content-Length: 0'], ''));
refused('401', qr/answers 401: it wants a token/, 3);
$one->shows($old);
$one->says_issuer('https://other.example.com');
refused('another cluster', qr{issuer is "https://other.example.com", not}, 3);
$one->says_issuer(CLUSTER . '/');
refused('a slash more', qr{issuer is }, 3);
$one->says('/.well-known/openid-configuration', http_ok('{}'));
refused('no issuer', qr/no issuer in it/, 3);
$one->breaks;
refused('nothing', qr{^jwksctl: https://localhost:\d+/}, 3);
my $gone = $cluster->apiserver;
$gone->ends;
refused('nobody', qr/onnect/, 3, @first[0 .. 7], $gone->url);
$one->says_issuer(CLUSTER);
$one->requests;
refused('http', qr/begins with https/, 2, @first[0 .. 7],
	$one->url =~ s/https/http/r);
refused('a server by another name', qr/ertificate/, 3, @first[0 .. 7],
	$one->url =~ s/localhost/127.0.0.1/r);
mkdir "$dir/other" or die $!;
new_pki("$dir/other");
refused('another CA', qr/ertificate/, 3, '--ca', "$dir/other/root.pem", @first[2 .. 8]);
is(scalar $one->requests, 0, 'such a server is asked nothing');

# libcurl looks for CAs in a file and in a directory.
SKIP: {
	my @shell = ('unshare', '-rm', 'sh', '-c');
	has_program('unshare') && run(@shell, 'mount --bind /etc/ssl /etc/ssl')
		->{status} == 0 or skip 'no mount namespaces here', 2;
	my $stranger = leaf($dir, name => 'stranger', self => 1,
		host => 'stranger.example');
	mkdir "$dir/certs";
	write_file("$dir/certs/root.pem", read_file($cluster->{ca}));
	my $hash = run('openssl', 'x509', '-hash', '-noout', '-in',
		$cluster->{ca})->{out};
	chomp $hash;
	write_file("$dir/certs/ca-certificates.crt",
		read_file("$stranger.pem"));
	link "$dir/certs/root.pem", "$dir/certs/$hash.0" or die $!;
	my $with = sub {
		return run(@shell, "mount --bind $dir/certs /etc/ssl/certs && "
			. 'exec "$@"', 'sh', @_);
	};
	is($with->('curl', '-sf', $one->url . '/openid/v1/jwks')->{status}, 0,
		'the system would trust it') or skip 'curl was built otherwise', 1;
	is($with->(program('jwksctl'), 'mirror', '--ca', "$stranger.pem",
		@first[2 .. 8])->{status}, 3, 'and we do not');
}

# --- several servers ----------------------------------------------------

$one->shows($old);
$two->shows($new, $old);
$got = mirror(@both);
is($got->{status}, 0, 'two servers') or diag $got->{err};
is_deeply([kids()], [$old_kid, $new_kid], 'what either shows');
$two->shows($old);
$jwks = $one->shows($old);
$got = mirror(@both);
is($got->{status}, 0, 'a key is gone from both');
like($got->{err}, qr/key $new_kid: no API server shows it/, 'it is said');
like($got->{err}, qr/--once --accept-removal=\Q$new_kid\E/, 'and how it goes');
is_deeply([sort(kids())], [sort $old_kid, $new_kid], 'it stays');
is(json(read_file($file))->{missing}[0]{since}, '2023-11-14T22:13:20Z',
	'the file knows since when');
at(START + 3000 * DAY);
is(mirror(@both)->{err}, '', 'it is not said again');
is(json(read_file($file))->{missing}[0]{since}, '2023-11-14T22:13:20Z',
	'nor counted anew');
$two->shows($new);
is(mirror(@both)->{out}, "key $new_kid: shown again\n$file: 2 keys, written\n",
	'back again');
is(read_file($file) =~ /missing/, '', 'and no longer missing');
$two->breaks;
$got = mirror(@both);
is($got->{status}, 0, 'a server that is down') or diag $got->{err};
like($got->{err}, qr/^jwksctl: \S+localhost/, 'which is said');
is_deeply([sort(kids())], [sort $old_kid, $new_kid], 'its keys stay');
is(read_file($file) =~ /missing/, '', 'and are not missing');
$one->breaks;
refused('all are down', qr/localhost/, 3, @first);
unlink $file;
refused('all are down at first', qr/is not there yet/, 3, @first);
$one->says_issuer(CLUSTER);
$got = mirror(@both);
is($got->{status}, 0, 'one of two is down at first');
is_deeply([kids()], [$old_kid], 'what there is, is better than nothing');

# The order is that of the servers as soon as they agree.
$two->says_issuer(CLUSTER);
$_->shows($new, $old) for $one, $two;
mirror(@both);
is(read_file($file), jwks_of($new, $old), 'their order');
$two->shows($old, $new);
is(mirror(@both)->{out}, "$file: 2 keys, unchanged\n", 'no order, no change');

# --- letting go ---------------------------------------------------------

refused('one that is shown', qr/key $old_kid cannot go: an API server shows it/, 3,
	@both, "--accept-removal=$old_kid");
$jwks = $one->shows($old);
$two->breaks;
$got = mirror(@both, "--accept-removal=$new_kid");
is($got->{status}, 0 + 3, 'one that a server may have');
like($got->{err}, qr/key $new_kid cannot go: \S+ did not answer/, '... and why');
$two->says_issuer(CLUSTER);
$two->shows($old);
refused('one that is unknown', qr/has no key x/, 3, @both, '--accept-removal', 'x');
refused('without --once', qr/add --once/, 2, (grep { $_ ne '--once' } @both),
	"--accept-removal=$new_kid");
$got = mirror(@both, "--accept-removal=$new_kid");
is($got->{status}, 0, 'one that is gone') or diag $got->{err};
is_deeply([kids()], [$old_kid], 'it goes');
is(json(read_file($file))->{withdrawn}[0]{kid}, $new_kid, 'which is on record');
$_->shows($old, $new) for $one, $two;
mirror(@both);
is(read_file($file), jwks_of($old, $new), 'until it comes back');

# By itself after a time; not while a clock is wrong.
my @keep = (@both, '--keep', '2d');
my $start = now();
$jwks = jwks_of($old);
sub shows_at
{
	my ($date) = @_;

	$_->says('/openid/v1/jwks', http_raw('200 OK', ["Date: $date",
		'Content-Length: ' . length $jwks], $jwks)) for $one, $two;
}
shows_at('Mon, 01 Jan 2001 00:00:00 GMT');
$got = mirror(@keep);
like($got->{err}, qr/its clock is -\d+ seconds from ours/, 'a clock is wrong');
is(read_file($file) =~ /missing/, '', 'nothing is missing then');
$_->shows($old) for $one, $two;
$got = mirror(@keep);
like($got->{err}, qr/it stays until 2032-02-02T22:13:20Z/, 'until then');
at($start + 2 * DAY - 1);
is(mirror(@keep)->{out}, "$file: 2 keys, unchanged\n", 'one second before');
at($start - DAY);
is(mirror(@keep)->{out}, "$file: 2 keys, unchanged\n", 'a clock that went back');
at($start + 2 * DAY);
shows_at('Mon, 01 Jan 2001 00:00:00 GMT');
is(mirror(@keep)->{out}, "$file: 2 keys, unchanged\n", 'a clock that is ahead');
$two->breaks;
is(mirror(@keep)->{status}, 0, 'a server that is down');
is(scalar kids(), 2, 'keeps it');
$two->says_issuer(CLUSTER);
$_->shows($old) for $one, $two;
$got = mirror(@keep);
is($got->{err}, "jwksctl: key $new_kid: removed\n", 'then it goes');
is_deeply([kids()], [$old_kid], 'and is gone');
refused('too short', qr/1h at least/, 2, @both, '--keep', '10m');

# A change of the issuer: both are good while it lasts.
$two->says_issuer('https://new.example.com');
refused('the new issuer', qr/new.example.com/, 0, @both);
is(mirror(@both, '--issuer', 'https://new.example.com')->{status}, 0, 'either');
$two->says_issuer(CLUSTER);

# --- the token ----------------------------------------------------------

write_file("$dir/token", "first\n", 0600);
$_->requests for $one, $two;
is(mirror(@both, '--bearer', "$dir/token")->{status}, 0, 'with a token');
my @requests = map { $_->requests } $one, $two;
is(scalar(grep { /^Authorization: Bearer first\r$/m } @requests), 4,
	'which each of four requests carries');
is(mirror(@both)->{status}, 0, 'without one');
is(scalar(grep { /^Authorization/mi } $one->requests), 0, 'none is sent');
refused('an empty token', qr/token $dir\/none: is empty/, 3, @first, '--bearer',
	write_file("$dir/none", "\n"));
refused('no token', qr/token $dir\/nothing: cannot be found/, 3, @first, '--bearer',
	"$dir/nothing");

# --- files that are not ours --------------------------------------------

for my $damage ('', '{', '{"keys":[]}', '{"keys":{}}', "\0",
	jwks_of($old) =~ s/}$/,"missing":[{"kid":"x"}]}/r,
	jwks_of($old) =~ s/}$/,"withdrawn":[{"kid":"x","when":"now"}]}/r) {
	write_file($file, $damage);
	refused("damage: $damage", qr/$file: .*move it away to start anew/, 3);
}
unlink $file;
mkdir $file or die $!;
$got = mirror(@first);
is($got->{status}, 3, 'a directory');
like($got->{err}, qr/$file: /, 'is named');
rmdir $file;

# --- the command line ---------------------------------------------------

my %wrong = (
	'--out FILE is missing'       => [@first[0 .. 4], @first[7 .. 8]],
	'--issuer URL is missing'     => [@first[0 .. 1], @first[4 .. 8]],
	'this is no pod'              => [@first[0 .. 6]],
	'more than 16'                => [@first, map { ('--apiserver',
		"https://a$_") } 1 .. 16],
	'between 5s and 1d'           => [@first, '--interval', '1s'],
	'is not a time'               => [@first, '--interval', 'often'],
);
for my $why (sort keys %wrong) {
	$got = mirror(@{ $wrong{$why} });
	is($got->{status}, 2, "$why: usage");
	like($got->{err}, qr/\Q$why\E/, "$why: it says so");
}
{
	local @ENV{qw(KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT)} =
		$one->url =~ m{//(\w+):(\d+)};
	is(mirror(@first[0 .. 6])->{status}, 0, 'a pod knows its API server');
	local $ENV{KUBERNETES_SERVICE_HOST} = '::1';
	like(mirror(@first[0 .. 6])->{err}, qr{https://\[::1\]:\d+/}, 'by IPv6 too');
}
is(mirror(@first[0 .. 7], $one->url . ',' . $two->url)->{status}, 0, 'a list');

# --- and jwksd ----------------------------------------------------------

write_file("$dir/jwksd.conf", 'issuer "' . CLUSTER . qq(" { keys = { "$file" } }\n));
$_->shows($old, $third) for $one, $two;
mirror(@both);
$_->shows($old) for $one, $two;
mirror(@both);
like(read_file($file), qr/missing/, 'a file with more than keys');
is(jwksd_run('-c', "$dir/jwksd.conf", '--print', CLUSTER, 'jwks')->{out},
	jwks_of($old, $third), 'is published as its keys');

# A key that a mirror has let go is no loss to jwksd; one that is just gone is.
{
	my $jwksd = JWKSD::Daemon->start(dir => $dir,
		config => JWKSD::Daemon::config_text(
			'issuer "' . CLUSTER . qq(" { keys = { "$file" } }\n)));
	my $third_kid = kid_of($third);

	is_deeply($jwksd->kids(CLUSTER), [$old_kid, $third_kid], 'two keys');
	is(mirror(@both, "--accept-removal=$third_kid")->{status}, 0, 'one goes');
	is_deeply($jwksd->wait_kids(CLUSTER, [$old_kid]), [$old_kid],
		'jwksd lets it go');
	replace_file($file, jwks_of($third));
	like($jwksd->wait_log(qr/level=warn|level=error/), qr/\Q$old_kid\E is gone/,
		'what nobody let go is held');
	$jwksd->stop;
}

done_testing;
