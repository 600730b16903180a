#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Tokens that real kube-apiservers mint, with each algorithm that they have, and
# what relying parties that are not ours make of them with the documents that
# jwksd serves; and Kubernetes' conformance test of discovery, step by step.
# Were it to fail, pods would be refused by those whom they are to convince.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Clients;
use JWKSD::Cluster;
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Nginx;
use JWKSD::Pki;
use JWKSD::Test;
use MIME::Base64 qw(decode_base64url);
use Test::More;

my $missing = JWKSD::Nginx::path() ? JWKSD::Cluster->missing
	: 'nginx is not installed';
plan skip_all => $missing if defined $missing;

my $host = 'oidc.test';
my $issuer = "https://$host/prod";
my $audience = 'sts.amazonaws.com';
my $subject = 'system:serviceaccount:default:app';
my $dir = scratch();
my $pki = JWKSD::Pki->new($dir);
my $tls = $pki->server('oidc', $host);

# --- keys, jwksd and nginx --------------------------------------------------

my %keys = (
	RS256 => rsa_key(),
	ES256 => ec_key('P-256'),
	ES384 => ec_key('P-384'),
	ES512 => ec_key('P-521'),
);
my @algs = sort keys %keys;
my $unpublished = rsa_key();

for my $alg (@algs) {
	write_file("$dir/$alg.key", private_pem($keys{$alg}, '-traditional'), 0600);
	write_file("$dir/$alg.pub", public_pem($keys{$alg}));
}
write_file("$dir/other.key", private_pem($unpublished, '-traditional'), 0600);

my $files = join ', ', map { qq("$_.pub") } @algs;
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(<<"CONF"));
issuer "$issuer" { keys = { $files } }
CONF
my $nginx = JWKSD::Nginx->start(dir => $dir, config => sub {
	my ($public) = @_;

	return <<"NGINX";
server {
	listen $public ssl;
	server_name $host;
	ssl_certificate $tls.crt;
	ssl_certificate_key $tls.key;
	location / {
		proxy_set_header Host \$host;
		proxy_pass http://@{[$jwksd->address]};
	}
}
NGINX
});

# --- the API servers: one signs with each key, and two as none should -------

my @accepted = map { "$dir/$_.pub" } @algs;
my @servers = (
	(map { { signing => "$dir/$_.key" } } @algs),
	{ signing => "$dir/other.key" },
	{ signing => "$dir/RS256.key", issuers => ["$issuer/"] },
);
my $cluster = JWKSD::Cluster->start(dir => $dir, servers => \@servers,
	issuers => [$issuer], accepted => \@accepted);
$cluster->make_service_account('app');
my $pod = $cluster->must('POST', '/api/v1/namespaces/default/pods', body => {
	metadata => { name => 'app-0' },
	spec => {
		serviceAccountName => 'app',
		containers => [{ name => 'app', image => 'registry.invalid/app' }],
	},
});

# A token of the pod from the nth server.
sub token
{
	my ($n, $audience) = @_;

	return $cluster->token('app', $audience, 600, url => $cluster->url($n),
		pod => $pod);
}

# With a bit of the signature turned.
sub forged
{
	my ($token) = @_;
	my ($signed, $signature) = $token =~ /\A(.*\.)([^.]+)\z/;

	substr($signature, 20, 1) = substr($signature, 20, 1) eq 'A' ? 'B' : 'A';
	return $signed . $signature;
}

# --- relying parties ----------------------------------------------------------

# What a client says that refuses for the right reason.
sub refused
{
	my ($why) = @_;

	return qr/^refused: .*(?:$why)/i;
}

my $good = qr/^ok \Q$subject\E$/;
my @cases = (
	(map {
		my $alg = $algs[$_];
		my $token = token($_, $audience);
		(
			["$alg", $good, $token],
			["$alg, a bit turned", refused('signature'), forged($token)],
			["$alg, another audience", refused('aud'), token($_, 'vault')],
		);
	} 0 .. $#algs),
	['a key that is not published', refused('key|signature'),
		token(scalar @algs, $audience)],
	['the issuer with a slash', refused('iss'), token(@algs + 1, $audience)],
);

# What a client says, a line for each token.
sub verify
{
	my ($audience, $tokens, $command, @algorithms) = @_;
	my $done = run({ stdin => join '', map { "$_\n" } @$tokens }, @$command,
		$issuer, $audience, $nginx->address, $pki->ca, @algorithms);

	return { %$done, lines => [split /\n/, $done->{out}] };
}

sub judged
{
	my ($name, @command) = @_;
	my $said = verify($audience, [map { $_->[2] } @cases], \@command);

	is($said->{status}, 0, "$name finds the keys") or diag $said->{err};
	for my $n (0 .. $#cases) {
		my ($what, $wanted) = @{ $cases[$n] };
		like($said->{lines}[$n] // 'nothing', $wanted, "$name: $what");
	}
}

for my $client (qw(go_oidc jose pyjwt nimbus)) {
	SKIP: {
		my @command = eval { JWKSD::Clients->can($client)->($dir) };
		skip "$client: " . ($@ =~ s/\n//r), 1 unless @command;
		judged($client, @command);
	}
}

# --- "ServiceAccountIssuerDiscovery should support OIDC discovery of service
# account issuer [Conformance]", as test/e2e/auth/service_accounts.go and
# agnhost's test-service-account-issuer-discovery have it ---------------------

# The pod's service account may read both documents from the API server.
my $pods_own = token(0, undef);
for my $path (qw(/.well-known/openid-configuration /openid/v1/jwks)) {
	my $got = $cluster->api('GET', $path, bearer => $pods_own);
	is($got->{status}, 200, "conformance: the pod may read $path");
}

# A token of 10 minutes for an audience of its own; its unverified issuer is
# discovered, without credentials; RS256 and ES256 are what it takes.
SKIP: {
	my @command = eval { JWKSD::Clients::go_oidc($dir) };
	skip "go_oidc: " . ($@ =~ s/\n//r), 1 unless @command;

	for my $n (0 .. $#algs) {
		my $token = token($n, 'oidc-discovery-test');
		my $said = verify('oidc-discovery-test', [$token], \@command,
			'RS256', 'ES256');
		my $wanted = $algs[$n] =~ /^(?:RS|ES)256$/ ? $good
			: refused('unsupported algorithm|algorithm');

		is(issuer_of($token), $issuer, "conformance: $algs[$n], the issuer");
		like($said->{lines}[0] // 'nothing', $wanted,
			"conformance: $algs[$n], as its test judges");
	}
}

sub issuer_of
{
	my ($token) = @_;

	return json(decode_base64url((split /\./, $token)[1]))->{iss};
}

unlike($jwksd->log_text, qr/level=(?:warn|error)/, 'jwksd has no complaint');
$cluster->stop;
$nginx->stop;
is($jwksd->stop, 0, 'ends well');
done_testing;
