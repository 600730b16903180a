#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# A fleet: each subdirectory is an issuer, added, changed and removed while
# jwksd runs; a bad one harms no other.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::Keys;
use JWKSD::Test;
use Test::More;

my $dir = scratch();
my $fleet = "$dir/fleet";
my %keys = map { $_ => ec_key() } qw(a b c new);

mkdir $fleet;
for my $name (qw(a b)) {
	mkdir "$fleet/$name";
	write_file("$fleet/$name/sa.pub", public_pem($keys{$name}));
}
mkdir "$fleet/.hidden";
write_file("$fleet/.hidden/sa.pub", public_pem($keys{c}));
mkdir "$fleet/bad name";
write_file("$fleet/bad name/sa.pub", public_pem($keys{c}));
write_file("$fleet/README", "not a directory\n");
my $jwksd = JWKSD::Daemon->start(dir => $dir,
	config => JWKSD::Daemon::config_text(<<'CONF'));
issuers "https://h.example/id/*" { directory = "fleet" max-age = 77 }
issuer "https://h.example" { keys = { "fleet/a/sa.pub" } }
CONF

sub url
{
	return "https://h.example/id/$_[0]";
}

sub serves
{
	my ($name, $keys, $why) = @_;
	my $kids = $keys && [map { kid_of($_) } @$keys];

	is_deeply($jwksd->wait_kids(url($name), $kids), $kids, $why);
}

sub published
{
	my ($name) = @_;

	$jwksd->wait_log(qr/mod=publish issuer="?\Q@{[ url($name) ]}\E"? .*published/);
}

for my $name (qw(a b)) {
	my $jwks = $jwksd->jwks(url($name));
	is($jwks->{content}, jwks_of($keys{$name}), "$name is served");
	is($jwks->field('Cache-Control'), 'public, max-age=77', '... as the fleet says');
}
is($jwksd->jwks(url($_))->{status}, 404, "$_ is no issuer")
	for qw(.hidden README * c);

# Added in one step, as a careful program would, and in several.
mkdir "$dir/c.new";
write_file("$dir/c.new/sa.pub", public_pem($keys{c}));
rename "$dir/c.new", "$fleet/c" or die $!;
published('c');
serves('c', [$keys{c}], 'a directory that was moved in is an issuer');
mkdir "$fleet/new";
write_file("$fleet/new/sa.pub", public_pem($keys{new}));
published('new');
serves('new', [$keys{new}], 'so is one that was made in place');

# A key more.
my $second = ec_key();
replace_file("$fleet/b/tb.pub", public_pem($second));
published('b');
serves('b', [$keys{b}, $second], 'a key that was added is served');

# One bad directory: its issuer keeps what it had, the others go on.
replace_file("$fleet/b/bad.pub", private_pem($second));
my $line = $jwksd->wait_log(qr/keeping the last good set/);
like($line, qr/issuer="?\Q@{[ url('b') ]}\E/, 'a private key is refused, for one issuer');
like($line, qr{b/bad\.pub}, '... and named');
serves('b', [$keys{b}, $second], '... which keeps its keys');
is($jwksd->jwks(url('a'))->{content}, jwks_of($keys{a}), '... as do the others');
is($jwksd->admin_page('/readyz')->{status}, 200, 'held is served, so it is ready');
like($jwksd->admin_page('/readyz?verbose')->{content}, qr{id/b\b.*bad\.pub},
	'... but it is said');
unlink "$fleet/b/bad.pub";
$jwksd->wait_log(qr/id\/b"? msg="the sources are good again"/);

# An empty directory has never had keys: absent, and no harm.
mkdir "$fleet/empty";
$jwksd->wait_log(qr{issuer="?\Q@{[ url('empty') ]}\E});
is($jwksd->jwks(url('empty'))->{status}, 404, 'a directory without keys is not served');
is($jwksd->jwks(url('a'))->{status}, 200, '... and harms nobody');
rmdir "$fleet/empty";

# Removed.
rename "$fleet/c", "$dir/gone" or die $!;
$jwksd->wait_log(qr{issuer="?\Q@{[ url('c') ]}\E"? .*no longer served});
serves('c', undef, 'a directory that is gone is no issuer');
is($jwksd->jwks(url('a'))->{status}, 200, '... and the others are');

# A burst of changes ends in what is there at the end.
for my $n (1 .. 50) {
	mkdir "$fleet/burst$n";
	write_file("$fleet/burst$n/sa.pub", public_pem($keys{a}));
}
published("burst$_") for 50;
my $deadline = deadline();
my $served = 0;
until ($served == 50 || !left($deadline)) {
	$served = grep { $jwksd->jwks(url("burst$_"))->{status} == 200 } 1 .. 50;
}
is($served, 50, 'fifty directories at once are fifty issuers');

is($jwksd->stop, 0, 'ends well');

# The fleet's own directory is not there: the issuers that are go on, and it
# is an error at start.
my $none = jwksd_run('-t', '-c', write_file("$dir/none.conf",
	JWKSD::Daemon::config_text(
	qq(issuers "https://h.example/id/*" { directory = "none" }\n))));
is($none->{status}, 1, 'a fleet whose directory is not there');
like($none->{err}, qr{\Q$dir\E/none.*No such file}, '... is told');

done_testing;
