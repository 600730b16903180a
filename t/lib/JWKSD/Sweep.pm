# SPDX-License-Identifier: MIT
#
# Runs of jwksctl that are disturbed at every system call, and what must hold
# of a keyring's directory whatever happened:
#
#   - keyring.json is whole and of the old or the new generation
#   - every private key that it names is on disk and is that key
#   - no key that was there is lost, and one key signs
#   - nothing that others may read holds a private byte
#   - what was acknowledged is there
#   - the next run ends what was begun and leaves nothing behind
#
# The checks read the files themselves and ask openssl; they use nothing of
# jwksctl but its exit code.
package JWKSD::Sweep;

use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Find ();
use File::Path qw(remove_tree);
use JSON::PP ();
use JWKSD::Ctl;
use JWKSD::Test;
use Test::More;
use Time::Local qw(timegm);

our @EXPORT = qw(
	scenarios prepare fresh broken unfinished acknowledged recover record
	kill_sweep error_sweep disturbed
);

# Thousands of runs that sync: in memory, unless the caller has a place.
$ENV{TMPDIR} = '/dev/shm' if !defined $ENV{TMPDIR} && -w '/dev/shm';

# Each: what the directory is before, and the command; `done` looks at the
# parsed keyring.json.  JWKSD_SWEEP, a pattern, takes some of them only.
sub scenarios
{
	my $only = $ENV{JWKSD_SWEEP} || '';
	my @rotate = ('--waive', 'url');
	my $stage = sub { step($_[0], START + 10, 'stage') };
	my $activate = sub {
		$stage->($_[0]);
		step($_[0], START + 10 + DAY, 'activate', @rotate);
	};
	my $retire = sub {
		$activate->($_[0]);
		step($_[0], START + 10 * DAY, 'retire', @rotate);
	};
	my $any = sub { 1 };
	my $has = sub {
		my ($member, $count) = @_;
		return sub {
			my ($ring) = @_;
			return $count == grep { $_->{$member} } @{ $ring->{keys} };
		};
	};

	return grep { $_->{name} =~ /$only/ } (
		{ name => 'init', new => 1, at => START, done => $any,
			command => [ 'init', 'kr', '--issuer',
				'https://oidc.example.com/test', '--alg', 'ES256' ] },
		{ name => 'adopt', new => 1, at => START, done => $any,
			command => [ 'init', 'kr', '--issuer',
				'https://oidc.example.com/test', '--adopt',
				'../sa.key' ] },
		{ name => 'stage', at => START + 20, command => [ 'stage', 'kr' ],
			done => sub { @{ $_[0]{keys} } == 2 } },
		{ name => 'activate', base => $stage, at => START + 2 * DAY,
			command => [ 'activate', 'kr', @rotate ],
			done => $has->('superseded', 1) },
		{ name => 'rotate', base => $stage, at => START + 2 * DAY,
			command => [ 'rotate', 'kr', @rotate ],
			done => $has->('superseded', 1) },
		{ name => 'retire', base => $activate, at => START + 10 * DAY,
			command => [ 'retire', 'kr', @rotate ],
			done => $has->('retired', 1) },
		{ name => 'revoke', base => $activate, at => START + 3 * DAY,
			command => [ 'revoke', 'kr', 'RETIRING' ],
			done => $has->('revoked', 1) },
		{ name => 'restore', base => $retire, at => START + 11 * DAY,
			command => [ 'restore', 'kr', 'RETIRED' ],
			done => $has->('retired', 0) },
		{ name => 'discard', base => $stage, at => START + 3600,
			command => [ 'discard', 'kr' ],
			done => $has->('revoked', 1) },
		{ name => 'policy', base => $stage, at => START + 20,
			command => [ 'policy', 'kr', '--max-age', '2h' ],
			done => sub { $_[0]{policy}{max_age} == 7200 } },
		{ name => 'init again', at => START + 20, refused => 1,
			command => [ 'init', 'kr', '--issuer',
				'https://oidc.example.com/else' ],
			done => sub { $_[0]{generation} == 1 } },
	);
}

sub step
{
	my ($kr, $when, @arguments) = @_;
	my ($verb, @more) = @arguments;

	at($when);
	my $got = ctl($verb, $kr, @more);
	$got->{status} == 0 or die "$verb: $got->{err}";
}

# Not with --seccomp-bpf, which would be quicker: strace 6.1 then delivers no
# signals, and nothing is killed.
my @strace = qw(strace -f -qq);

# Make the base of a scenario below $dir, once.
sub prepare
{
	my ($dir, $scenario) = @_;
	my $top = "$dir/base";

	system 'rm', '-rf', $top;
	mkdir $top or die "$top: $!";
	run('openssl', 'ecparam', '-genkey', '-name', 'prime256v1', '-noout',
		'-out', "$dir/sa.key");
	unless ($scenario->{new}) {
		step("$top/kr", START, 'init', '--issuer',
			'https://oidc.example.com/test', '--alg', 'ES256');
		$scenario->{base}->("$top/kr") if $scenario->{base};
	}
	at($scenario->{at});
	$scenario->{dir} = $dir;
	$scenario->{old} = ring($top);
	my ($old) = grep { $_->{superseded} }
		@{ $scenario->{old} ? $scenario->{old}{keys} : [] };
	$scenario->{arguments} = [
		map { /^RETIR/ ? $old->{kid} : $_ } @{ $scenario->{command} }
	];
}

# A fresh copy of the base in $dir/w.
sub fresh
{
	my ($scenario) = @_;

	my ($from, $to) = map { "$scenario->{dir}/$_" } qw(base w);

	remove_tree($to);
	File::Find::find({ no_chdir => 1, wanted => sub {
		my $copy = $to . substr $_, length $from;
		my $mode = (lstat $_)[2] & 07777;

		-d _ ? mkdir($copy) : write_file($copy, read_file($_));
		chmod $mode, $copy or die "$copy: $!";
	} }, $from);
	return $to;
}

# keyring.json below $top: parsed; undef when there is none; 0 when torn.
sub ring
{
	my ($top) = @_;
	my $path = "$top/kr/keyring.json";

	return undef unless -e $path;
	return eval { JSON::PP->new->utf8->decode(read_file($path)) } || 0;
}

# The kid of a private key's file, from openssl, remembered by its bytes.
my %kids;

sub file_kid
{
	my ($path) = @_;

	return '' unless -f $path;
	my $bytes = read_file($path);

	$kids{$bytes} = private_kid($path) || '' unless exists $kids{$bytes};
	return $kids{$bytes};
}

sub signing_key
{
	my ($ring) = @_;

	return grep {
		$_->{activated} && !$_->{superseded} && !$_->{revoked}
	} @{ $ring->{keys} };
}

# Private bytes must never be in a file that others can read.
sub leaks
{
	my ($top) = @_;
	my @found;

	File::Find::find({ no_chdir => 1, wanted => sub {
		return unless -f $_;
		my $mode = (stat _)[2] & 0777;
		my $private = m{/private/|/\.?sa\.key} || read_file($_) =~ /PRIV/;

		push @found, sprintf '%s has mode %04o', $_, $mode
			if $private && $mode & 077;
	} }, $top);
	return @found;
}

# What is wrong with the state, at once after the disturbance.
sub broken
{
	my ($scenario, $top) = @_;
	my ($old, $new) = ($scenario->{old}, ring($top));
	my $base = $old ? $old->{generation} : 0;
	my @wrong = leaks($top);

	return (@wrong, $old ? 'keyring.json is gone' : ()) unless defined $new;
	return (@wrong, 'keyring.json is torn') unless $new;
	push @wrong, "generation $new->{generation} after $base"
		if $new->{generation} < $base || $new->{generation} > $base + 2;
	my %there = map { $_->{kid} => 1 } @{ $new->{keys} };
	push @wrong, map { "key $_->{kid} is lost" }
		grep { !$there{ $_->{kid} } } @{ $old ? $old->{keys} : [] };
	push @wrong, 'not one key signs' unless signing_key($new) == 1;
	for my $key (grep { $_->{in_store} } @{ $new->{keys} }) {
		push @wrong, "private half of $key->{kid} is not there"
			unless file_kid("$top/kr/private/$key->{kid}.pem") eq
			$key->{kid};
	}
	return @wrong;
}

# Is the command's effect committed?
sub acknowledged
{
	my ($scenario, $top) = @_;
	my $ring = ring($top);

	return $ring && $scenario->{done}->($ring);
}

sub epoch
{
	my @parts = reverse $_[0] =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)Z$/;

	$parts[4]--;
	return timegm(@parts);
}

# Must API servers take its tokens at this moment?
sub accepted
{
	my ($ring, $key, $now) = @_;
	my $policy = $ring->{policy};

	return !$key->{revoked} unless $key->{retired} && !$key->{revoked};
	return $now < epoch($key->{superseded}) + $policy->{rollout}
		+ $policy->{api_token_lifetime} + $policy->{skew};
}

# What is missing once everything should be in place.
sub unfinished
{
	my ($scenario, $top) = @_;
	my $kr = "$top/kr";
	my $ring = ring($top) or return 'no keyring';
	my @wrong = broken($scenario, $top);
	my ($active) = signing_key($ring);
	my $bundle = join '', map { $_->{public} }
		grep { accepted($ring, $_, $scenario->{at}) } @{ $ring->{keys} };

	push @wrong, 'the step is not done' unless $scenario->{done}->($ring);
	push @wrong, 'sa.pub is not the bundle'
		unless -e "$kr/apiserver/sa.pub"
		&& read_file("$kr/apiserver/sa.pub") eq $bundle;
	push @wrong, 'sa.key is not the signing key'
		unless $active
		&& file_kid("$kr/apiserver/sa.key") eq $active->{kid};
	push @wrong, map { "left behind: $_" }
		grep { !m{/\.\.?$} } glob("$kr/.* $kr/*/.*");
	push @wrong, 'other private keys than those in the keyring'
		unless join(' ', sort map { m{([^/]+)\.pem$} }
			glob "$kr/private/*") eq join(' ',
			sort map { $_->{kid} } grep { $_->{in_store} }
			@{ $ring->{keys} });
	return (@wrong, journal_faults($kr, $ring));
}

sub journal_faults
{
	my ($kr, $ring) = @_;
	my @lines = map { eval { JSON::PP->new->utf8->decode($_) } || {} }
		split /\n/, -e "$kr/journal" ? read_file("$kr/journal") : '';

	return 'the journal is not whole'
		unless join(' ', map { $_->{generation} || '?' } @lines) eq
		join(' ', 1 .. $ring->{generation});
	return 'the journal has another hash'
		unless $lines[-1]{sha256} eq
		sha256_hex(read_file("$kr/keyring.json"));
	return;
}

# All that the next run can see of a state: names (of temporary files without
# their number), modes and bytes.
sub fingerprint
{
	my ($top) = @_;
	my @all;

	File::Find::find({ no_chdir => 1, wanted => sub {
		my $mode = (lstat $_)[2];
		my $name = substr $_, length $top;

		$name =~ s/\.\w+-\w+-\w+$/./ if $name =~ m{/\.};
		push @all, join "\0", $name, $mode,
			-d _ ? '' : sha256_hex(read_file($_));
	} }, $top);
	return sha256_hex(join "\n", sort @all);
}

# The same command once more, and then a timer's run: everything is in place.
# A state that was seen before is not tried again.
sub recover
{
	my ($scenario, $top, $program) = @_;
	my $state = fingerprint($top);

	return if $scenario->{recovered}{$state};
	my @wrong = recover_once($scenario, $top, $program);
	$scenario->{recovered}{$state} = 1 unless @wrong;
	return @wrong;
}

sub recover_once
{
	my ($scenario, $top, $program) = @_;
	my $again = disturbed($scenario, $top, $program);
	my @wrong;

	push @wrong, "the next run: exit $again->{status} signal $again->{signal}"
		if $again->{signal} || $again->{status} !~ /^[034]$/;
	my $rotate = disturbed({ %$scenario,
		arguments => [ 'rotate', 'kr', '--waive', 'url' ] }, $top, $program);
	push @wrong, "rotate after it: exit $rotate->{status}: $rotate->{err}"
		if $rotate->{status};
	return (@wrong, unfinished($scenario, $top));
}

# Run the scenario's command in $top, under the wrapper's words if any.
sub disturbed
{
	my ($scenario, $top, $program, @wrapper) = @_;

	local $ENV{JWKSCTL_NOW} = $scenario->{at};
	local $ENV{ASAN_OPTIONS} = 'detect_leaks=0';
	return run({ setup => sub { chdir $top or die "$top: $!" } }, @wrapper,
		$program, @{ $scenario->{arguments} });
}

# The system calls of an undisturbed run, as [name, which, line], from the
# first one that touches the keyring.
sub record
{
	my ($scenario, $program) = @_;
	my $top = fresh($scenario);
	my $log = "$scenario->{dir}/rec";
	my (%count, @calls, $started);

	disturbed($scenario, $top, $program, @strace, '-o', $log);
	for my $line (split /\n/, read_file($log)) {
		my ($name) = $line =~ /^\d+\s+(\w+)\(/ or next;

		$count{$name}++;
		$started ||= $name ne 'execve' && $line =~ /"kr"/;
		push @calls, [ $name, $count{$name}, $line ] if $started;
	}
	return @calls;
}

# Kill before each call.  Returns the number of points and what went wrong.
sub kill_sweep
{
	my ($scenario, $program) = @_;
	my @calls = grep { $_->[0] ne 'execve' } record($scenario, $program);
	my @wrong;

	for my $call (@calls) {
		my ($name, $which) = @$call;
		my $top = fresh($scenario);
		my $got = disturbed($scenario, $top, $program, @strace,
			'-o', '/dev/null', '-e', "trace=$name", '-e',
			"inject=$name:signal=KILL:when=$which");
		my @faults = broken($scenario, $top);

		push @faults, 'it was not killed' unless $got->{signal} == 9;
		push @faults, 'acknowledged, but not committed'
			if $got->{out} ne '' && !acknowledged($scenario, $top);
		push @faults, recover($scenario, $top, $program);
		push @wrong, map { "$name $which: $_" } @faults;
	}
	return (scalar @calls, @wrong);
}

# Files that were opened for writing, by the calls before this one.
sub was_written
{
	my ($calls, $index) = @_;
	my ($fd) = $calls->[$index][2] =~ /close\((\d+)\)/ or return 0;

	for my $i (reverse 0 .. $index - 1) {
		next unless $calls->[$i][2] =~ /openat\(.*= $fd$/;
		return $calls->[$i][2] =~ /O_WRONLY|O_RDWR/
			&& $calls->[$i][2] !~ /"lock"/;
	}
	return 0;
}

my %interruptible = map { $_ => 1 } qw(read pread64 write flock);

# Make each call that can fail do so, with this errno.
sub error_sweep
{
	my ($scenario, $program, $errno) = @_;
	my %can_fail = map { $_ => 1 } qw(openat read pread64 write fsync close
		renameat unlinkat mkdirat fchmod flock ftruncate faccessat2
		getdents64 newfstatat);
	my @calls = record($scenario, $program);
	my ($points, @wrong) = (0);

	for my $i (grep { $can_fail{ $calls[$_][0] } } 0 .. $#calls) {
		my ($name, $which) = @{ $calls[$i] };
		my $top = fresh($scenario);
		my $got = disturbed($scenario, $top, $program, @strace,
			'-o', '/dev/null', '-e', "trace=$name", '-e',
			"inject=$name:error=$errno:when=$which");
		my @faults = broken($scenario, $top);

		$points++;
		push @faults, "exit $got->{status} signal $got->{signal}"
			if $got->{signal} || $got->{status} !~ /^[03]$/;
		push @faults, success_faults($scenario, $top, \@calls, $i)
			if $got->{status} == 0;
		push @faults, 'interrupted, and gave up'
			if $errno eq 'EINTR' && $interruptible{$name}
			&& $calls[$i][2] !~ /write\([12],/
			&& $got->{status} != ($scenario->{refused} ? 3 : 0);
		push @faults, 'failed without a word'
			if $got->{status} && $got->{err} !~ /^jwksctl: /m
			&& $calls[$i][2] !~ /write\(2,/;
		# a success was found complete above
		push @faults, recover($scenario, $top, $program)
			if $got->{status};
		push @wrong, map { "$name $which $errno: $_" } @faults;
	}
	return ($points, @wrong);
}

# It said that all is well although a call failed: then all must be well, and
# what the failed call was for must have been done by another.
sub success_faults
{
	my ($scenario, $top, $calls, $i) = @_;
	my $name = $calls->[$i][0];
	my @faults = map { "success, but $_" } unfinished($scenario, $top);

	push @faults, "a failed $name was reported as success"
		if $name =~ /^(fsync|renameat)$/
		|| $name eq 'close' && was_written($calls, $i);
	return @faults;
}

1;
