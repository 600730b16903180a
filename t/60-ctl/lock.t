#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Two at once, directories that are open to others, files that cannot be read:
# a keyring is changed by one, or not at all.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Fcntl qw(:flock);
use JWKSD::Ctl;
use JWKSD::Test;
use POSIX ();
use Test::More;

my $dir = scratch();
my $kr = new_keyring("$dir/kr");

# While somebody holds the lock.
{
	open my $lock, '+<', "$kr/lock" or die $!;
	flock $lock, LOCK_EX or die $!;
	my $before = read_file("$kr/keyring.json");
	for my $command ([ 'stage', $kr ], [ 'rotate', $kr ],
		[ 'revoke', $kr, 'x' ], [ 'discard', $kr ]) {
		my $got = ctl(@$command);

		is($got->{status}, 5, "$command->[0]: locked has its own code");
		like($got->{err}, qr/another jwksctl/, 'and says so');
	}
	is(ctl('list', $kr)->{status}, 0, 'reading needs no lock');
	is(read_file("$kr/keyring.json"), $before, 'nothing changed');
}
is(ctl('stage', $kr)->{status}, 0, 'the lock ends with its holder');
ctl_ok('discard', $kr);

# Twenty at once: one wins each time, nobody is harmed.
{
	my @children;

	for (1 .. 20) {
		defined(my $pid = fork) or die $!;
		if ($pid == 0) {
			my $got = ctl('stage', $kr);
			POSIX::_exit($got->{status});
		}
		push @children, $pid;
	}
	my %codes;
	for (@children) {
		waitpid $_, 0;
		$codes{ $? >> 8 }++;
	}
	is($codes{0}, 1, 'exactly one staged a key');
	is(($codes{3} || 0) + ($codes{5} || 0), 19,
		'the others were told "busy" or "staged already"');
	ok(key_in($kr, 'staged'), 'one key is staged');
	is(scalar(() = glob("$kr/private/*.pem")), 2, 'and no other was made');
}

# Modes of directories.
for my $case ([ $kr, 0775 ], [ "$kr/private", 0750 ], [ "$kr/apiserver", 0777 ])
{
	my ($path, $mode) = @$case;
	my $right = (stat $path)[2] & 07777;

	chmod $mode, $path or die $!;
	is(ctl('discard', $kr)->{status}, 3, sprintf '%s with %04o', $path, $mode);
	chmod $right, $path or die $!;
}

# A keyring that cannot be read is never taken for an empty one.
my $good = read_file("$kr/keyring.json");
for my $bad ('', '{', '[]', substr($good, 0, 400), "\0" x 100,
	$good =~ s/"version": 1/"version": 2/r, $good . 'x', ' ' x (2 << 20)) {
	write_file("$kr/keyring.json", $bad);
	for my $command (qw(list status plan rotate stage)) {
		is(ctl($command, $kr)->{status}, 3, "$command: refused");
	}
	is(ctl('init', $kr, '--issuer', 'https://a.example')->{status}, 3,
		'init does not replace it');
	is(read_file("$kr/keyring.json"), $bad, 'it is left alone');
}
write_file("$kr/keyring.json", $good);

# The private key of the active one is damaged or lost.
my $kid = key_in($kr, 'active')->{kid};
my $staged = key_in($kr, 'staged')->{kid};
rename "$kr/private/$staged.pem", "$dir/away" or die $!;
at(START + 3 * DAY);
my $got = ctl('activate', $kr, '--waive', 'url');
is($got->{status}, 3, 'a lost private key is not activated');
like($got->{err}, qr/\Q$staged\E\.pem/, 'its file is named');
is(state_of($kr, $staged), 'staged', 'nothing changed');
write_file("$kr/private/$staged.pem", read_file("$kr/private/$kid.pem"), 0600);
is(ctl('activate', $kr, '--waive', 'url')->{status}, 3, 'nor another key');
rename "$dir/away", "$kr/private/$staged.pem" or die $!;
is(ctl('activate', $kr, '--waive', 'url')->{status}, 0, 'the right one is');

# No command shows private bytes.
{
	my $secret = read_file("$kr/private/$staged.pem");
	my ($line) = $secret =~ /\n([^\n]{40,})\n/ or die 'no line';
	my $said = '';

	for my $command ([ 'list', $kr ], [ 'show', $kr, $staged ],
		[ 'status', $kr ], [ 'plan', $kr ], [ 'rotate', $kr ],
		[ 'list', $kr, '-o', 'json' ]) {
		my $run = ctl(@$command);
		$said .= $run->{out} . $run->{err};
	}
	$said .= read_file("$kr/$_")
		for qw(keyring.json journal clock apiserver/sa.pub);
	is(index($said, $line), -1, 'no private byte is said or published');
}

# jwksd has no code for private keys but that of TLS, whose keys sign no token.
SKIP: {
	has_program('nm') or skip 'nm is not installed', 3;
	my $jwksd = run('nm', program('jwksd'))->{out};
	my $jwksctl = run('nm', program('jwksctl'))->{out};

	$jwksctl =~ / keyring_private_load$/m
		or skip 'the programs have no symbols', 3;
	unlike($jwksd, qr/keyring_(private|store)_/, 'no part of the store');
	unlike($jwksd, qr/PEM_\w*write\w*PrivateKey/, 'no call that writes one');
	my @readers = run('nm', '-A', map { build_dir() . "/lib$_.a" }
		qw(base config key http oidc source admin jwksd))->{out}
		=~ /^\S*:(\S+):.* U (?:PEM|d2i)_\w*PrivateKey/mg;
	is("@readers", 'libhttp_a-certificate.o', 'one file that reads one');
}

done_testing();
