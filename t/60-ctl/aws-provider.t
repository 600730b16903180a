#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# aws provider and aws thumbprint: what is printed is complete, the same in
# each form, and only for issuers that IAM can register.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Aws;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();

sub ctl { return run(program('jwksctl'), @_) }

sub provider
{
	my $got = ctl('aws', 'provider', '--issuer', ISSUER, @_);

	is($got->{status}, 0, "aws provider @_") or diag $got->{err};
	return $got->{out};
}

my @more = ('--audience', 'sts.amazonaws.com', '--audience', 'a"b\\c${d}%{e}',
	'--thumbprint', 'a' x 40);
my $want = {
	Url            => ISSUER,
	ClientIDList   => ['sts.amazonaws.com', 'a"b\\c${d}%{e}'],
	ThumbprintList => ['a' x 40],
};

is_deeply(json(provider()), { Url => ISSUER,
	ClientIDList => ['sts.amazonaws.com'] }, 'the usual audience, no thumbprint');
is_deeply(json(provider(@more)), $want, 'aws-cli');
my $template = json(provider(@more, '--for', 'cloudformation'));
is_deeply($template->{Resources}{OidcProvider}, {
	Type => 'AWS::IAM::OIDCProvider',
	Properties => { Url => ISSUER, ClientIdList => $want->{ClientIDList},
		ThumbprintList => $want->{ThumbprintList} } }, 'cloudformation');
my $hcl = provider(@more, '--for', 'terraform');
like($hcl, qr/^resource "aws_iam_openid_connect_provider" "oidc_example_com_prod" \{$/m,
	'terraform: a name of the issuer\'s');
like($hcl, qr/"a\\"b\\\\c\$\$\{d\}%%\{e\}"/, 'terraform: no template is opened');
my $cdk = provider(@more, '--for', 'cdk');
my ($properties) = $cdk =~ /new iam\.CfnOIDCProvider\(this, 'OidcProvider', (\{.*?\n {4}\})\);/s;
is_deeply(json($properties), { url => ISSUER, clientIdList => $want->{ClientIDList},
	thumbprintList => $want->{ThumbprintList} }, 'cdk');
unlike("$hcl$cdk", qr/<[a-z]|TODO|example-|CHANGE/, 'nothing to fill in');
like(ctl('aws', 'provider', '--issuer', ISSUER, '--account', ACCOUNT,
	'--partition', 'aws-cn')->{err},
	qr{arn:aws-cn:iam::123456789012:oidc-provider/oidc\.example\.com/prod$}m,
	'its ARN, in another partition');

my @refused = (
	['no issuer'], ['a slash', '--issuer', ISSUER . '/'],
	['http', '--issuer', 'http://oidc.example.com/prod'],
	['a port', '--issuer', 'https://oidc.example.com:8443'],
	['a query', '--issuer', ISSUER . '?a'],
	['loopback', '--issuer', 'https://localhost'],
	['256 characters', '--issuer', 'https://h.example/' . 'a' x 238],
	['a short thumbprint', '--issuer', ISSUER, '--thumbprint', 'abc'],
	['colons', '--issuer', ISSUER, '--thumbprint', join ':', ('ab') x 20],
	['6 thumbprints', '--issuer', ISSUER, map { ('--thumbprint', $_ x 40) } 1 .. 6],
	['101 audiences', '--issuer', ISSUER, map { ('--audience', "a$_") } 1 .. 101],
	['an audience too long', '--issuer', ISSUER, '--audience', 'a' x 256],
	['an unknown form', '--issuer', ISSUER, '--for', 'pulumi'],
	['an unknown partition', '--issuer', ISSUER, '--partition', 'azure'],
	['half an account', '--issuer', ISSUER, '--account', '123'],
);
for (@refused) {
	my ($name, @args) = @$_;
	my $got = ctl('aws', 'provider', @args);

	is($got->{status}, 2, "refused: $name");
	is($got->{out}, '', "$name: nothing is printed");
	is(() = $got->{err} =~ /\n/g, 1, "$name: one line");
}

# thumbprints, of chains that were made now
new_pki("$dir");
my %chains = (
	full  => leaf("$dir", name => 'full'),
	alone => leaf("$dir", name => 'alone', alone => 1),
	self  => leaf("$dir", name => 'self', self => 1),
);
mkdir "$dir/http";
write_file("$dir/http/_prod_.well-known_openid-configuration",
	http_ok(discovery_of(ISSUER, 'ES256')));
for my $name (sort keys %chains) {
	my $server = JWKSD::Aws::Server->start(chain => $chains{$name},
		answers => "$dir/http");
	my $got = ctl('aws', 'thumbprint', ISSUER, '-o', 'json', '--connect',
		$server->address, '--cacert', "$dir/root.pem");
	my $host = json($got->{out})->{hosts}[0];

	is($host->{thumbprint}, thumbprint_of("$chains{$name}.pem"),
		"$name: the last certificate's");
	is($host->{certificates}, $name eq 'full' ? 2 : 1, "$name: as sent");
	ok($host->{used}, "$name: IAM goes by it");
	is($got->{status}, 1, "$name: worth a remark");
	like($host->{remark}, $name eq 'alone' ? qr/no intermediate/
		: qr/private CA|not good/, "$name: which one");
}
my $tls13 = JWKSD::Aws::Server->start(chain => $chains{full},
	answers => "$dir/http", how => 'tls13');
like(ctl('aws', 'thumbprint', ISSUER, '--connect', $tls13->address, '--cacert',
	"$dir/root.pem")->{out}, qr/demands TLS 1\.3/, 'TLS 1.3 only');

# jwks_uri elsewhere: both hosts, that of the JWKS first
write_file("$dir/http/_prod_.well-known_openid-configuration", http_ok(
	discovery_of(ISSUER, 'ES256') =~ s{uri":"https://oidc}{uri":"https://keys}r));
my $server = JWKSD::Aws::Server->start(chain => $chains{full},
	answers => "$dir/http");
my $both = json(ctl('aws', 'thumbprint', ISSUER, '-o', 'json', '--connect',
	$server->address, '--cacert', "$dir/root.pem")->{out})->{hosts};
is_deeply([map { $_->{host} } @$both], ['keys.example.com', 'oidc.example.com'],
	'both hosts');
like($both->[0]{problem}, qr/hostname mismatch/, 'and the name that is wrong');
is(ctl('aws', 'thumbprint', ISSUER, '--connect', '127.0.0.1:1')->{status}, 3,
	'no server');
is(ctl('aws', 'thumbprint', 'https://localhost')->{status}, 2, 'no issuer');

done_testing;
