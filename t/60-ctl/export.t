#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# export, lint, apiserver-flags, completion: what is written for others.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Ctl;
use JWKSD::Test;
use Cwd ();
use Test::More;

my $dir = scratch();
my $kr = new_keyring("$dir/kr");

ctl_ok('stage', $kr);

# export: the bytes that jwksd serves
my $got = ctl_ok('export', $kr, "$dir/out");
my %path = (jwks => '/test/openid/v1/jwks',
	discovery => '/test/.well-known/openid-configuration');
write_file("$dir/jwksd.conf", <<"CONF");
listen = { "127.0.0.1:0" }
admin = ""
state = ""
issuer "https://oidc.example.com/test" { keys = { "$kr" } }
CONF
for my $kind (sort keys %path) {
	is(read_file("$dir/out$path{$kind}"), run(program('jwksd'), '-c',
		"$dir/jwksd.conf", '--print', 'https://oidc.example.com/test',
		$kind)->{out}, "$kind: the same bytes as jwksd's");
}
my $manifest = json(read_file("$dir/out/headers.json"));
is_deeply([sort map { $_->{path} } @$manifest], [sort values %path],
	'the manifest names both');
like($_->{headers}{'Cache-Control'}, qr/max-age=300$/,
	'short, for a rotation is open') for @$manifest;
like($got->{out}, qr{^aws s3 cp '\Q$dir\E/out\Q$path{$_}\E' }m,
	"$_: a line for S3") for keys %path;
is(json(read_file("$dir/out$path{jwks}"))->{keys}[1]{kid},
	key_in($kr, 'staged')->{kid}, 'the staged key is published');
unlike(read_file("$dir/out$path{jwks}"), qr/"(d|p|q)":/, 'nothing private');
is(ctl('export', $kr, "$dir/kr/keyring.json")->{status}, 3,
	'not into a file');

# lint
sub lint
{
	my ($text) = @_;

	return ctl('lint', write_file("$dir/jwks", $text));
}

my $jwks = read_file("$dir/out$path{jwks}");
$got = lint($jwks);
is($got->{status}, 1, 'lint finds something');
like($got->{out}, qr/^AWS IAM\s+takes all 2 keys$/m, 'AWS takes EC keys');
like($got->{out}, qr/^Entra ID\s+takes 0 of 2 keys/m, 'Entra does not');
ctl_ok('init', "$dir/rsa", '--issuer', 'https://oidc.example.com/rsa');
ctl_ok('export', "$dir/rsa", "$dir/out");
my $rsa = read_file("$dir/out/rsa/openid/v1/jwks");
is(lint($rsa)->{status}, 0, 'RS256 is for everybody');
like(lint($rsa =~ s/"kid":"[^"]+",//r)->{out}, qr/without a kid/, 'no kid');
like(lint($rsa =~ s/"e":"AQAB"/"e":"AQAB="/r)->{out}, qr/base64url/, 'padding');
like(lint($rsa =~ s/"e":/"d":"AQAB","e":/r)->{out},
	qr/^jwksd\s+would refuse it/m, 'a private member');
like(lint($rsa =~ s/\[\{/[{"kty":"OKP","kid":"x","alg":"EdDSA"},{/r)->{out},
	qr/^MinIO\s+takes 0 of 2 keys/m, 'MinIO stops at the first that it cannot');
is(lint('{}')->{status}, 3, 'not a JWKS');
is(ctl('lint', "$dir/none")->{status}, 3, 'no such file');

# apiserver-flags
my $absolute = Cwd::abs_path($kr);
for my $tool (qw(kubeadm k3s rke2 systemd)) {
	my $text = ctl_ok('apiserver-flags', $kr, '--for', $tool)->{out};

	like($text, qr{service-account-issuer\W[^\n]*(\n[^\n]*)?\Qhttps://oidc.example.com/test\E},
		"$tool: the issuer");
	like($text, qr{\Q$absolute\E/apiserver/sa.$_}, "$tool: sa.$_")
		for qw(pub key);
	like($text, qr/service-account-private-key-file/,
		"$tool: the controller manager as well");
	like($text, qr/Replace flags/, "$tool: what is set already");
	my $change = ctl_ok('apiserver-flags', $kr, '--for', $tool,
		'--old-issuer', 'https://old.example.com')->{out};
	my @order = $change =~ m{service-account-issuer\W.*?(https://\w+)}sg;
	is("@order", 'https://old https://oidc https://oidc https://old '
		. 'https://oidc', "$tool: first one, then the other signs");
}
like(ctl_ok('apiserver-flags', $kr, '--for', 'talos')->{out}, qr/one key only/,
	'talos: its limit is said');
like(ctl_ok('apiserver-flags', $kr, '--for', 'kops')->{out},
	qr/kops promote keypair/, 'kops: its own commands');
is(ctl('apiserver-flags', $kr)->{status}, 2, 'which tool?');
is(ctl('apiserver-flags', $kr, '--for', 'k3s', '--old-issuer', 'x')->{status},
	2, 'an old issuer that is none');
ctl_ok('init', "$dir/public", '--issuer', 'https://oidc.example.com/p',
	'--adopt', "$kr/apiserver/sa.pub", '--signing',
	key_in($kr, 'active')->{kid});
unlike(ctl_ok('apiserver-flags', "$dir/public", '--for', 'k3s')->{out},
	qr/sa\.key/, 'no signing key that is not there');

# completion: every command, only legal kids
my %file = (bash => 'jwksctl', zsh => '_jwksctl', fish => 'jwksctl.fish');
for my $shell (sort keys %file) {
	my $text = ctl_ok('completion', $shell)->{out};

	like($text, qr/\Q$_\E/, "$shell: $_")
		for qw(init activate apiserver-flags publish-ahead);
	is($text, read_file(build_dir() . "/contrib/completions/$file{$shell}"),
		"$shell: the file that is installed");
	next unless has_program($shell);
	my $check = run({ stdin => $text }, $shell, '-n');
	is($check->{status}, 0, "$shell reads it") or diag($check->{err});
}
is(ctl('completion', 'tcsh')->{status}, 2, 'another shell');
my %of = map { $_ => ctl('kids', $kr, '--for', $_)->{out} }
	qw(show activate retire revoke);
is($of{activate}, key_in($kr, 'staged')->{kid} . "\n", 'activate: the staged');
is($of{retire} . $of{revoke}, '', 'retire and revoke: none');
is(scalar(() = $of{show} =~ /\n/g), 2, 'show: all');
SKIP: {
	has_program('bash') or skip 'no bash', 1;
	my $path = build_dir() . '/t/lib';
	local $ENV{JWKSCTL_NOW} = now();
	mkdir "$dir/bin";
	symlink "$path/jwksctl-at", "$dir/bin/jwksctl";
	my $script = ctl('completion', 'bash')->{out} . <<"END";
PATH=$dir/bin:\$PATH
COMP_WORDS=(jwksctl activate $kr --kid '') COMP_CWORD=4
_jwksctl
echo "\${COMPREPLY[@]}"
END
	is(run({ stdin => $script }, 'bash', '--norc')->{out}, $of{activate},
		'bash offers the staged key');
}

done_testing();
