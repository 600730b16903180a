#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The documents of real kube-apiservers and jwksd's, for the same key files; and
# every form of a key file that a kube-apiserver reads.  Were it to fail,
# whoever moves from one to the other would see other keys.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Cluster;
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $missing = JWKSD::Cluster->missing;
plan skip_all => $missing if defined $missing;

my $dir = scratch();
my $base = 'https://oidc.test';

# --- files of keys ----------------------------------------------------------

my %keys = (
	(map { ("RSA-$_" => rsa_key($_)) } 2048, 3072, 4096),
	(map { ($_ => ec_key($_)) } qw(P-256 P-384 P-521)),
);

sub file
{
	my ($name, $bytes) = @_;

	return write_file("$dir/$name", $bytes);
}

my %file = map { $_ => file("$_.pub", public_pem($keys{$_})) } keys %keys;
my @order = qw(P-521 RSA-3072 P-256 RSA-4096 P-384 RSA-2048);

# What is read, and the files.
my @cases = (
	(map { [$_, $file{$_}] } sort keys %keys),
	['all, file by file', map { $file{$_} } @order],
	['all in one file', file('bundle.pub', join '',
		map { read_file($file{$_}) } reverse @order)],
	['all in two files', map { file("half-$_->[0].pub", join '',
		map { read_file($file{$_}) } @$_[1 .. 3]) } (
			[1, qw(P-256 RSA-2048 P-384)], [2, qw(RSA-4096 P-521 RSA-3072)])],
);

# The forms of a file that holds one key, each with a key of its own: form,
# key, bytes, what jwksd says when it refuses, and jwksctl.
my ($private, $weak) = (qr/private key/, qr/1024.*2048/);
my @forms = (
	(map {
		my ($name, $new) = @$_;
		my @made = map { $new->() } 1 .. 4;
		(
			["$name, SubjectPublicKeyInfo", $made[0], public_pem($made[0])],
			["$name, certificate", $made[1], certificate($made[1])],
			["$name, private, traditional", $made[2],
				private_pem($made[2], '-traditional'), $private],
			["$name, SubjectPublicKeyInfo with a wrong label", $made[3],
				pem('CERTIFICATE', public_der($made[3]))],
		)
	} ['RSA', \&rsa_key], ['EC', \&ec_key]),
	(map { ['RSA, private, PKCS#8', $_, private_pem($_), $private] } rsa_key()),
	(map { ['EC, private, behind its parameters', $_,
		run('openssl', 'ecparam', '-name', 'secp384r1')->{out}
			. private_pem($_, '-traditional'), $private] } ec_key('P-384')),
	(map { ['CRLF', $_, public_pem($_) =~ s/\n/\r\n/gr] } ec_key()),
	(map { ['text around it', $_, "the key\n" . public_pem($_) . "ends\n"] }
		ec_key()),
	(map { ['RSA of 1024 bits', $_, public_pem($_), $weak, $weak] }
		rsa_key(1024)),
);
my @form_files = map { file("form-$_.pem", $forms[$_][2]) } 0 .. $#forms;

# What a kube-apiserver does not read: form, bytes, and what it says.
my $unread = ec_key();
my @unread = (
	['EC, private, PKCS#8', private_pem($unread)],
	['RSA PUBLIC KEY, PKCS#1', run({ stdin => public_pem($keys{'RSA-2048'}) },
		'openssl', 'rsa', '-pubin', '-RSAPublicKey_out')->{out}],
	['DER', public_der($unread)],
	['Ed25519', public_pem(new_key('ED25519'))],
	['no key', "nothing\n"],
);

# --- the servers ------------------------------------------------------------

my @settings = map {
	my $issuer = "$base/$_";
	{
		issuers  => [$issuer],
		accepted => $_ < @cases ? [@{ $cases[$_] }[1 .. $#{ $cases[$_] }]]
			: \@form_files,
		args     => ["--service-account-jwks-uri=$issuer/openid/v1/jwks"],
	}
} 0 .. @cases;
my $cluster = JWKSD::Cluster->start(dir => $dir, servers => \@settings);
my $blocks = join '', map {
	my $files = join ', ', map { qq("$_") } @{ $_->{accepted} };
	qq(issuer "$_->{issuers}[0]" { keys = { $files } }\n);
} @settings[0 .. $#cases];
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text($blocks));

# --- the same documents -----------------------------------------------------

for my $n (0 .. $#cases) {
	my $name = $cases[$n][0];

	for (
		['/openid/v1/jwks', 'JWKS', ''],
		['/.well-known/openid-configuration', 'discovery document',
			',"authorization_endpoint":"urn:kubernetes:programmatic_'
			. 'authorization","claims_supported":["sub","iss"]'],
	) {
		my ($path, $what, $more) = @$_;
		my $theirs = $cluster->api('GET', $path, url => $cluster->url($n));
		my $ours = $jwksd->document($settings[$n]{issuers}[0], $path);

		is($theirs->{status}, 200, "$name: the API server has a $what");
		is($ours->{content}, $theirs->{content} =~ s/}\z/$more}/r,
			'... jwksd the same bytes' . ($more && ' and what EKS adds'));
		is($ours->field('Content-Type'), $theirs->{type}, '... its type');
		is($ours->field('Cache-Control'), $theirs->{caching},
			'... for as long');
	}
}

# --- the forms of files -----------------------------------------------------

# What jwksd would publish of files or keyrings, or why not.
sub published
{
	my $from = join ', ', map { qq("$_") } @_;

	write_file("$dir/form.conf", JWKSD::Daemon::config_text(
		qq(issuer "$base/form" { keys = { $from } }\n)));
	my $done = jwksd_run('-c', "$dir/form.conf", '--print', "$base/form", 'jwks');
	return $done->{status} == 0 ? $done->{out} : $done->{err};
}

sub adopted
{
	my ($n) = @_;
	my $done = run(program('jwksctl'), 'init', "$dir/ring-$n", '--issuer',
		"$base/form", '--adopt', $form_files[$n]);

	return $done->{status} == 0 ? published("$dir/ring-$n") : $done->{err};
}

is($cluster->api('GET', '/openid/v1/jwks', url => $cluster->url($#settings))
	->{content}, jwks_of(map { $_->[1] } @forms), 'the API server reads all forms');
for my $n (0 .. $#forms) {
	my ($form, $key, undef, @refused) = @{ $forms[$n] };

	for (['jwksd', published($form_files[$n])], ['jwksctl', adopted($n)]) {
		my ($program, $said) = @$_;
		my $why = shift @refused;

		if ($why) {
			like($said, qr/\Q$form_files[$n]\E.*$why/,
				"$form: $program refuses it and says why");
			note($said);
		} else {
			is($said, jwks_of($key), "$form: $program reads it");
		}
	}
}
for (@unread) {
	my ($form, $bytes) = @$_;
	my $said = $cluster->refusal($#settings,
		accepted => [file('unread.pem', $bytes)]);

	like($said, qr/does not contain any valid RSA or ECDSA public keys/,
		"$form: the API server does not read it");
}

# The one difference: a key that is in two files.  jose, for one, takes no token
# whose kid is there twice.
my $twice = $keys{'P-256'};
my @twice = ($file{'P-256'}, file('twice.crt', certificate($twice)));
$cluster->restart($#settings, accepted => \@twice);
is($cluster->api('GET', '/openid/v1/jwks', url => $cluster->url($#settings))
	->{content}, jwks_of($twice, $twice), 'a key in two files: twice');
is(published(@twice), jwks_of($twice), '... but once by jwksd');

is($jwksd->stop, 0, 'ends well');
$cluster->stop;
done_testing;
