#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# Mutated requests to jwksd and to the servers that stand in front of one: none
# that we serve is refused by another.  t/fuzz/differential.c says how they are
# made and compared, and which differences are known.
#
#     JWKSD_MUTANTS=1000000 JWKSD_SEED=7    so many, from this seed
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Peers qw(start_peer);
use JWKSD::Test;
use Test::More;

use constant {
	MUTANTS => $ENV{JWKSD_MUTANTS} || 20_000,
	SEED    => $ENV{JWKSD_SEED} || 1,
	PER_S   => 200, # on a machine that does other things too
};

my $dir = scratch();
my $key = ec_key();
my %peer = (content => jwks_of($key), unix => 1);
my @peers = grep { $_ } map { start_peer($_, $dir, %peer) } qw(nginx HAProxy Node);

@peers or plan skip_all => 'neither nginx nor HAProxy nor Node is installed';
write_file("$dir/sa.pub", public_pem($key));
my $jwksd = JWKSD::Daemon->start(dir => $dir, config => JWKSD::Daemon::config_text(
	qq(issuer "https://a" { keys = { "sa.pub" } }\n),
	listen => ["unix:$dir/socket"]));

my $done = run({ seconds => 60 + MUTANTS / PER_S }, program('t/fuzz/differential'),
	'-n', MUTANTS, '-s', SEED, '-p', '/openid/v1/jwks', "jwksd=$dir/socket",
	map { "$_->{name}=" . $_->{address} =~ s/^unix://r } @peers);
is($done->{status}, 0, MUTANTS . ' mutants: what we serve, nobody refuses');
diag $done->{out}, $done->{err};
like($done->{out}, qr/: (?:[1-9]\d{2,}) served by jwksd/, 'many of them are served');
is($jwksd->stop, 0, 'ends well');
done_testing;
