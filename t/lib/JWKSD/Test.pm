# SPDX-License-Identifier: MIT
#
# What every black-box test needs: a directory of its own, files in it, the
# programs, and a deadline for everything that is waited for.
package JWKSD::Test;

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Temp ();
use IO::Select;
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

our @EXPORT = qw(
	build_dir source_dir program has_program server_program reserve_port
	scratch write_file replace_file append_file read_file
	deadline left
	run jwksd_run json
);

# Seconds for anything that should happen at once.  Generous: a loaded machine
# with sanitizers on must not fail a test.
use constant PATIENCE => $ENV{JWKSD_TEST_PATIENCE} || 30;

sub source_dir
{
	return abs_path($ENV{JWKSD_SOURCE} || dirname(__FILE__) . '/../../..');
}

sub build_dir
{
	return abs_path($ENV{JWKSD_BUILD} || source_dir() . '/build');
}

# The path of a program that was built.
sub program
{
	my ($name) = @_;
	my $path = build_dir() . "/$name";

	-x $path or die "$path is not built: run make, or set JWKSD_BUILD\n";
	return $path;
}

sub has_program
{
	my ($name) = @_;

	for my $dir (split /:/, $ENV{PATH}) {
		return "$dir/$name" if -x "$dir/$name";
	}
	return undef;
}

# The same for a server: these are not in everybody's PATH.
sub server_program
{
	my ($name) = @_;

	for my $path (has_program($name), "/usr/sbin/$name") {
		return $path if defined $path && -x $path;
	}
	return undef;
}

# A port on 127.0.0.1 that stays this test's own while programs come and go on
# it: two sockets with SO_REUSEADDR may be bound to it as long as only one
# listens, and the kernel gives it to nobody else.
my @reserved;
sub reserve_port
{
	require IO::Socket::INET; # most tests need none of it
	my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
		LocalPort => 0, ReuseAddr => 1, Proto => 'tcp') or die "socket: $!";

	push @reserved, $socket;
	return $socket->sockport;
}

# A new directory, gone when the test ends.  Short: a Unix socket's path has
# 107 bytes.
sub scratch
{
	return File::Temp->newdir('jwksd-XXXXXX', TMPDIR => 1);
}

sub write_file
{
	my ($path, $bytes, $mode) = @_;

	open my $file, '>:raw', $path or die "$path: $!";
	print $file $bytes;
	close $file or die "$path: $!";
	chmod $mode, $path or die "$path: $!" if defined $mode;
	return $path;
}

sub append_file
{
	my ($path, $bytes) = @_;

	open my $file, '>>:raw', $path or die "$path: $!";
	print $file $bytes;
	close $file or die "$path: $!";
}

# As a careful program would: the new file is renamed over the old one.
sub replace_file
{
	my ($path, $bytes, $mode) = @_;

	write_file("$path.new~", $bytes, $mode);
	rename "$path.new~", $path or die "$path: $!";
	return $path;
}

sub read_file
{
	my ($path) = @_;

	open my $file, '<:raw', $path or die "$path: $!";
	local $/;
	my $bytes = <$file>;
	return defined $bytes ? $bytes : '';
}

sub deadline
{
	my ($seconds) = @_;

	return time + ($seconds || PATIENCE);
}

# Seconds until a deadline, for select; 0 when it has passed.
sub left
{
	my ($deadline) = @_;
	my $seconds = $deadline - time;

	return $seconds > 0 ? $seconds : 0;
}

# Run a program to its end, its standard input empty.  A hash first may hold
# stdin (text) and setup (code run in the child before exec).  Returns
# { status, signal, out, err }; dies when it outlives the deadline.
sub run
{
	my $how = ref $_[0] eq 'HASH' ? shift : {};
	my @command = @_;
	my ($in, $out, $err) = map { scalar File::Temp->new } 1 .. 3;
	my $deadline = deadline($how->{seconds});

	if (defined $how->{stdin}) {
		print $in $how->{stdin};
		$in->flush;
		seek $in, 0, 0;
	}
	pipe my $ended, my $held or die "pipe: $!";
	defined(my $pid = fork) or die "fork: $!";
	if ($pid == 0) {
		close $ended;
		# $held stays open in the child for as long as it lives
		fcntl $held, 2, 0;
		POSIX::dup2(fileno $in, 0);
		POSIX::dup2(fileno $out, 1);
		POSIX::dup2(fileno $err, 2);
		$how->{setup}->() if $how->{setup};
		{ exec { $command[0] } @command }
		print STDERR "$command[0]: $!\n";
		POSIX::_exit(127);
	}
	close $held;
	unless (IO::Select->new($ended)->can_read(left($deadline))) {
		kill KILL => $pid;
		waitpid $pid, 0;
		diag("it said: " . read_file("$err"));
		die "@command: still runs after its deadline";
	}
	waitpid $pid, 0;
	return {
		status => $? >> 8,
		signal => $? & 127,
		out    => read_file("$out"),
		err    => read_file("$err"),
	};
}

sub jwksd_run
{
	my $how = ref $_[0] eq 'HASH' ? shift : {};

	return run($how, program('jwksd'), @_);
}

sub json
{
	my ($text) = @_;

	return JSON::PP->new->utf8->decode($text);
}

1;
