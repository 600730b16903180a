#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The documents of a real kube-apiserver and jwksd's, for the same keys.  Were
# it to fail, whoever moves from one to the other would see other keys.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Cluster;
use JWKSD::Daemon;
use JWKSD::Test;
use Test::More;

my $issuer = 'https://oidc.test/prod';
my $dir = scratch();
my $missing = JWKSD::Cluster->missing;

plan skip_all => $missing if defined $missing;

my $cluster = JWKSD::Cluster->start(dir => $dir, issuers => [$issuer]);
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(<<"CONF"));
issuer "$issuer" { keys = { "pki/sa.pub" } }
CONF

is($jwksd->jwks($issuer)->{content},
	$cluster->api('GET', '/openid/v1/jwks')->{content},
	"kubeadm's key, the same bytes");
$cluster->stop;
is($jwksd->stop, 0, 'ends well');
done_testing;
