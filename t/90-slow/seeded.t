#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The tests of the tests: eight mistakes, each put into a copy of the sources,
# and each must be found by the sweep that is there for it.  The same look at
# the program as it is finds nothing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fcntl qw(:flock);
use JWKSD::Power;
use JWKSD::Sweep;
use JWKSD::Test;
use Test::More;

for my $name (qw(strace prlimit)) {
	has_program($name) or plan skip_all => "$name is not installed";
}
my $compile = $ENV{JWKSD_COMPILE}
	or plan skip_all => 'make check-slow says how to compile';

my $dir = scratch();
my ($stage) = grep { $_->{name} eq 'stage' } scenarios();
my ($again) = grep { $_->{name} eq 'init again' } scenarios();

$stage && $again or plan skip_all => 'JWKSD_SWEEP leaves nothing to do';

# A write that is cut short by a limit on the file's size.
sub short_writes
{
	my ($program) = @_;
	my @wrong;

	for my $limit (map { 1 + 61 * $_ } 0 .. 24) {
		my $top = fresh($stage);
		local $SIG{XFSZ} = 'IGNORE';
		my $got = JWKSD::Sweep::disturbed($stage, $top, $program,
			'prlimit', "--fsize=$limit");
		my @faults = broken($stage, $top);

		push @faults, map { "success, but $_" } unfinished($stage, $top)
			if $got->{status} == 0;
		push @faults, recover($stage, $top, $program);
		push @wrong, map { "at most $limit bytes: $_" } @faults;
	}
	return @wrong;
}

sub lock_is_ignored
{
	my ($program) = @_;
	my $top = fresh($stage);

	open my $lock, '+<', "$top/kr/lock" or die "lock: $!";
	flock $lock, LOCK_EX or die "flock: $!";
	my $got = JWKSD::Sweep::disturbed($stage, $top, $program);

	return $got->{status} == 5 ? () : "locked: exit $got->{status}";
}

sub second
{
	my ($count, @wrong) = @_;

	return @wrong;
}

my %looks = (
	power  => sub { second(power_sweep($stage, $_[0])) },
	kill   => sub { second(kill_sweep($stage, $_[0])) },
	errors => sub { second(error_sweep($stage, $_[0], 'EIO')) },
	again  => sub { second(error_sweep($again, $_[0], 'EIO')) },
	short  => \&short_writes,
	lock   => \&lock_is_ignored,
);

# A private key that is renamed to its place after the commit that names it.
my $late_name = 'static char late[PRIVATE_NAME_MAX];';
my @mistakes = (
	[ 'no fsync of the file', 'power', 'src/base/file.c',
		[ qr/fsync\(fd\) != 0/, '0' ] ],
	[ 'no fsync of the directory', 'power', 'src/base/file.c',
		[ qr/fsync\(dirfd\) != 0/, '0' ] ],
	[ 'commit before the private key', 'kill', 'src/keyring/store.c',
		[ qr/^(static struct key \*\nsave\()/m, "$late_name\n\$1" ],
		[ qr/s->private_fd, name, e\) != 0\) \{/,
			's->private_fd, strcpy(late, ".late.pem.1"), e) != 0) {' ],
		[ qr/(\tbuf_release\(&json\);\n\treturn rc == 0 \? 0 : error_wrap)/,
			"\tif (late[0] != '\\0') { char n[PRIVATE_NAME_MAX];\n"
			. "\tkeyring_private_name(n, ring->keys[ring->count - 1]"
			. ".key->kid);\n\trenameat(s->private_fd, late, "
			. "s->private_fd, n); }\n\$1" ] ],
	[ 'a short write is ignored', 'short', 'src/base/file.c',
		[ qr/bytes \+= n;\s+len -= \(size_t\)n;/, 'break;' ] ],
	[ 'close is ignored', 'errors', 'src/base/file.c',
		[ qr/if \(close\(fd\) != 0 && rc == 0\)/,
			'if (close(fd) != 0 && rc == 9)' ] ],
	[ 'a key is created with 0644', 'kill', 'src/base/file.c',
		[ qr/(O_EXCL \| O_NOFOLLOW \| O_CLOEXEC,\s+)0600/, '${1}0644' ] ],
	[ 'no lock is taken', 'lock', 'src/keyring/store.c',
		[ qr/while \(flock\(s->lock_fd, LOCK_EX \| LOCK_NB\) != 0\)/,
			'while (s->lock_fd < 0)' ] ],
	[ 'a read error is taken for an empty keyring', 'again',
		'src/keyring/store.c', [ qr/if \(errno != ENOENT\)/,
			'if (errno == 0)' ] ],
);

# A program with the mistake, built from a changed copy of one file.
sub build
{
	my ($number, $file, @changes) = @_;
	my $text = read_file(source_dir() . "/$file");

	for my $change (@changes) {
		my ($from, $to) = @$change;

		$text =~ s/$from/expand($to, $1)/e or return undef;
	}
	my $copy = write_file("$dir/mistake-$number.c", $text);
	my $program = "$dir/mistake-$number";
	my $got = run({ seconds => 120 }, 'sh', '-c', "cd '" . build_dir()
		. "' && " . ($compile =~ s/\@SOURCES\@/$copy/r =~
			s/\@OUTPUT\@/$program/r));

	diag($got->{out}, $got->{err}) if $got->{status};
	return $got->{status} == 0 ? $program : undef;
}

# $1 in a replacement stands for what was found.
sub expand
{
	my ($to, $one) = @_;

	$to =~ s/\$(?:1|\{1\})/$one/g;
	return $to;
}

my $found = 0;
for my $look (sort keys %looks) {
	prepare("$dir", $look eq 'again' ? $again : $stage);
	my @wrong = $looks{$look}->(program('t/lib/jwksctl-at'));

	is(scalar @wrong, 0, "as it is: $look finds nothing")
		or diag(join "\n", @wrong[0 .. ($#wrong < 4 ? $#wrong : 4)]);
}
for my $i (0 .. $#mistakes) {
	my ($what, $look, $file, @changes) = @{ $mistakes[$i] };
	my $program = build($i, $file, @changes);

	ok($program, "can be made: $what") or next;
	my $scenario = $look eq 'again' ? $again : $stage;
	prepare("$dir", $scenario);
	delete $scenario->{recovered};
	my @wrong = $looks{$look}->($program);
	ok(@wrong > 0, "is found: $what");
	print '# ', scalar @wrong, " findings by $look, the first: ",
		@wrong ? $wrong[0] : 'none', "\n";
	$found++ if @wrong;
}
print "# $found of " . @mistakes . " mistakes are found\n";
done_testing();
