#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# contrib/kubernetes agrees with itself and with jwksd: its configuration is
# taken, its ports and paths are those of the manifests, and what an operator
# replaces is the same everywhere.  What an API server makes of it:
# t/95-cluster/manifests.t and page.t.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $top = source_dir() . '/contrib/kubernetes';
my $conf = read_file("$top/base/jwksd.conf");
my $issuer = read_file("$top/example/issuer.conf");
my $deployment = read_file("$top/base/deployment.yaml");
my $mirror = read_file("$top/mirror/sidecar.yaml");
my $example = read_file("$top/example/kustomization.yaml");
my $page = read_file("$top/README");

my ($keys) = $issuer =~ /keys = \{ "(.*)" \}/;
my ($name) = $issuer =~ /^issuer "(.*)"/m;

write_file("$dir/keys.jwks", public_pem(ec_key()));
write_file("$dir/issuer.conf", $issuer =~ s/\Q$keys\E/$dir\/keys.jwks/r);
my $done = jwksd_run('-t', '-c', write_file("$dir/jwksd.conf", $conf));
is($done->{status}, 0, 'jwksd takes the configuration') or diag $done->{err};
like($done->{out}, qr/^\Q$name\E: 1 key/m, '... and serves the issuer');

for my $option (['listen', 'http'], ['admin', 'admin']) {
	my ($port) = $conf =~ /^$option->[0] = .*?"\*:(\d+)"/m;

	like($deployment, qr/name: $option->[1]\n +containerPort: $port\n/,
		"$option->[0] is the port $option->[1]");
}
is(join(' ', map { s/^--out\n +- //r } $mirror =~ /(--out\n +- \S+)/g),
	"$keys $keys", 'the mirror writes where jwksd reads');
like($_->[1], qr/\Q$name\E/, "the issuer in $_->[0]")
	for ['kustomization.yaml', $example], ['README', $page];
my ($host) = $name =~ m{^https://([^/]+)};
like(read_file("$top/$_"), qr/\b\Q$host\E\b/, "its host in $_")
	for qw(ingress/ingress.yaml gateway/gateway.yaml gateway/httproute.yaml);
like($example, qr/^- name: $_$/m, "the image $_ can be set")
	for ("$deployment$mirror" =~ /^ +image: (\S+)$/mg);
done_testing();
