#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Gates: activate and retire look at what others show before they go on.  If
# this failed, a key could sign that nobody can verify.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Ctl;
use JWKSD::Page;
use JWKSD::Test;
use MIME::Base64 qw(encode_base64);
use Test::More;

my $dir = scratch();
my $page = "$dir/page"; # status line, fields and body that is served
my $log = "$dir/log";   # requests that came

my $server = JWKSD::Page->start($page, $log);
my $url = $server->{url};

sub serve
{
	my ($body, $status, $date) = @_;

	write_file($page, JWKSD::Page::text($body, $status,
		$date ? "Date: $date" : ()));
}

sub jwks
{
	my ($kr, @kids) = @_;
	my @keys;

	for my $kid (@kids) {
		my $pem = json(ctl('show', $kr, $kid, '-o', 'json')->{out})
			->{public};
		my $der = MIME::Base64::decode_base64(
			$pem =~ s/-----[^-]+-----//gr);
		my ($x, $y) = map { encode_base64($_, '') =~ tr{+/}{-_}r =~ s/=//gr }
			unpack 'a32 a32', substr $der, -64;

		push @keys, qq({"kty":"EC","use":"sig","alg":"ES256",)
			. qq("kid":"$kid","crv":"P-256","x":"$x","y":"$y"});
	}
	return '{"keys":[' . join(',', @keys) . ']}';
}

# The issuer is on loopback, so that the gate of a default run can be asked.
at(START);
my $kr = "$dir/kr";
ctl_ok('init', $kr, '--issuer', "$url/prod", '--alg', 'ES256');
my $old = key_in($kr, 'active')->{kid};
ctl_ok('stage', $kr);
my $new = key_in($kr, 'staged')->{kid};
at(START + DAY);

sub shut
{
	my ($what, $why, @options) = @_;
	my $got = ctl('activate', $kr, @options);

	is($got->{status}, 3, "$what: shut");
	like($got->{err}, $why, "$what: it says why");
	like($got->{err}, qr/--waive (url|apiserver)/, "$what: and how to go on");
	is(state_of($kr, $new), 'staged', "$what: nothing happened");
}

serve(jwks($kr, $old));
shut('the new key is not public', qr/does not show key $new/);
serve(jwks($kr, $new), '503 Service Unavailable');
shut('an error that carries the key', qr/answers 503/);
serve('<html>');
shut('not a JWKS', qr/gate url/);
serve(jwks($kr, $old) =~ s/$old/$new/r);
shut('the kid with another key', qr/does not show key/);
write_file($page, "HTTP/1.1 302 Found\r\nLocation: $url/x\r\n"
	. "Content-Length: 0\r\n\r\n");
shut('a redirect', qr/answers 302/);
write_file($page, '');
shut('no answer', qr/gate url/);
serve(' ' x (2 << 20));
shut('too much', qr/more than/);
serve(jwks($kr, $old, $new), undef, 'Wed, 15 Nov 2023 20:13:20 GMT');
shut('a clock that is two hours from ours', qr/clock is -7200 seconds/);
serve(jwks($kr, $old, $new), undef, 'Wed, 15 Nov 2023 22:13:20 GMT');
shut('an API server that is not there', qr/gate apiserver/,
	'--apiserver', 'http://127.0.0.1:1');
shut('an API server without TLS', qr/only https/,
	'--apiserver', 'http://192.0.2.1');
is(ctl('activate', $kr, '--waive', 'everything')->{status}, 2,
	'only known gates are waived');
unlike(read_file($log), qr/Authorization/i, 'no token was sent');

# Two API servers, with a token that goes to them only.
write_file("$dir/bearer", "s3cret\n", 0600);
unlink $log;
ctl_ok('activate', $kr, '--apiserver', $url, '--apiserver', $url, '--bearer',
	"$dir/bearer");
is(state_of($kr, $new), 'active', 'all gates are open');
my @requests = split /(?=GET )/, read_file($log);
is(scalar @requests, 3, 'the public JWKS and two API servers were asked');
like($requests[0], qr{^GET /prod/openid/v1/jwks HTTP/1.1\r\n}, 'its path');
unlike($requests[0], qr/s3cret/, 'the public URL gets no token');
like($requests[1], qr{^GET /openid/v1/jwks .*Authorization: Bearer s3cret\r\n}s,
	'the API server does');

# retire: fresh tokens must carry the new kid.
at(next_step($kr));
serve(jwks($kr, $old, $new));
sub token
{
	my ($kid) = @_;

	write_file("$dir/token",
		encode_base64(qq({"alg":"ES256","kid":"$kid"}), '') =~ s/=//gr
			. ".e30.c2ln\n");
	return "$dir/token";
}
my $got = ctl('retire', $kr, '--token', token($old));
is($got->{status}, 3, 'a fresh token of the old key');
like($got->{err}, qr/signed with $old/, 'says so');
unlike($got->{err}, qr/c2ln/, 'without showing the token');
is(ctl('retire', $kr, '--token', "$dir/none")->{status}, 3, 'no token file');
write_file("$dir/junk", "junk\n");
is(ctl('retire', $kr, '--token', "$dir/junk")->{status}, 3, 'not a token');
ctl_ok('retire', $kr, '--token', token($new));
is(state_of($kr, $old), 'retired', 'retired');

# Hooks: after the commit, with what happened; tried again when they fail.
mkdir "$kr/hooks" or die $!;
write_file("$kr/hooks/stage", <<'HOOK', 0755);
#!/bin/sh
test -e fail && exit 7
echo "$JWKSCTL_STEP $JWKSCTL_KID $JWKSCTL_GENERATION $JWKSCTL_ISSUER" >> ran
HOOK
write_file("$kr/fail", '');
$got = ctl('stage', $kr);
is($got->{status}, 3, 'a hook failed');
like($got->{err}, qr/hooks\/stage: exit status 7/, 'it is named');
my $third = key_in($kr, 'staged');
ok($third, 'the step stands');
unlink "$kr/fail";
ctl_ok('rotate', $kr, '--waive', 'url');
is(read_file("$kr/ran"), "stage $third->{kid} 5 $url/prod\n",
	'the next run ran it');
ctl_ok('rotate', $kr, '--waive', 'url');
is(scalar(() = read_file("$kr/ran") =~ /\n/g), 1, 'and only once');
chmod 0777, "$kr/hooks/stage" or die $!;
ctl_ok('discard', $kr);
is(ctl('stage', $kr)->{status}, 3, 'a hook that others can write to');

done_testing();
