# SPDX-License-Identifier: MIT
#
# A jwksd that runs for a test.  It is ready when it says so on its notify
# socket, and what it does is seen in its log: nothing is waited for by time.
package JWKSD::Daemon;

use strict;
use warnings;
use Fcntl qw(F_SETFD F_SETFL O_NONBLOCK);
use IO::Select;
use IO::Socket::UNIX;
use JWKSD::HTTP qw(http);
use JWKSD::Test;
use POSIX ();
use Socket qw(SOCK_DGRAM);
use Test::More;

use constant F_SETPIPE_SZ => 1031;

my @running;

# config_text($body, option => value, ...): a jwksd.conf for tests.  Ports are
# the kernel's choice, the state is kept in the test's directory.
sub config_text
{
	my ($body, %set) = @_;
	my %options = (
		listen => ['127.0.0.1:0'],
		admin  => '127.0.0.1:0',
		state  => 'state',
		%set,
	);

	return join '', (map {
			my $value = $options{$_};
			defined $value ? "$_ = " . value_text($value) . "\n" : ();
		} sort keys %options), $body;
}

sub value_text
{
	my ($value) = @_;

	return '{ ' . join(', ', map { qq("$_") } @$value) . ' }' if ref $value;
	return $value =~ /^(?:\d+|true|false)$/ ? $value : qq("$value");
}

# start(dir => ..., config => text or undef for the one that is there, ...)
#   args     further arguments
#   env      further environment
#   setup    code that runs in the child before exec
#   program  instead of jwksd
#   argv     the whole command instead of program -c FILE
# Dies with the log when it does not become ready.
sub start
{
	my ($class, %how) = @_;
	my $self = $class->spawn(%how);

	$self->wait_notify(qr/^READY=1$/m);
	$self->learn_addresses;
	return $self;
}

sub spawn
{
	my ($class, %how) = @_;
	my $self = bless {
		dir => "$how{dir}",
		log => '',
		seen => 0,
		notes => [],
	}, $class;

	mkdir "$self->{dir}/state";
	chmod 0777, "$self->{dir}/state" if $> == 0;
	$self->{file} = "$self->{dir}/jwksd.conf";
	write_file($self->{file}, $how{config}, 0644) if defined $how{config};
	$self->{notify_path} = "$self->{dir}/notify";
	unlink $self->{notify_path};
	$self->{notify} = IO::Socket::UNIX->new(
		Type => SOCK_DGRAM, Local => $self->{notify_path})
		or die "$self->{notify_path}: $!";
	chmod 0666, $self->{notify_path};
	$self->run_child(%how);
	push @running, $self;
	return $self;
}

sub run_child
{
	my ($self, %how) = @_;
	my @argv = $how{argv} ? @{ $how{argv} }
		: ($how{program} || program('jwksd'), '-c', $self->{file},
			@{ $how{args} || [] });

	pipe my $reader, my $writer or die "pipe: $!";
	# a test may look away for long: a full pipe must not stop the daemon
	fcntl $reader, F_SETPIPE_SZ, 1 << 20;
	fcntl $reader, F_SETFL, O_NONBLOCK;
	defined($self->{pid} = fork) or die "fork: $!";
	if ($self->{pid} == 0) {
		delete @ENV{qw(JOURNAL_STREAM LISTEN_FDS LISTEN_PID
			LISTEN_FDNAMES WATCHDOG_USEC WATCHDOG_PID)};
		$ENV{NOTIFY_SOCKET} = $self->{notify_path};
		@ENV{ keys %{ $how{env} } } = values %{ $how{env} } if $how{env};
		POSIX::dup2(fileno $writer, 2);
		open STDIN, '<', '/dev/null';
		open STDOUT, '>&', \*STDERR;
		$how{setup}->() if $how{setup};
		{ exec { $argv[0] } @argv }
		print STDERR "$argv[0]: $!\n";
		POSIX::_exit(127);
	}
	close $writer;
	$self->{reader} = $reader;
}

# Read what has been logged and notified, waiting at most some seconds for
# either.  False when the daemon has closed its log: it is gone.
sub pump
{
	my ($self, $seconds) = @_;
	my $ready = IO::Select->new($self->{reader}, $self->{notify});

	for my $handle ($ready->can_read($seconds)) {
		if ($handle == $self->{notify}) {
			$self->{notify}->recv(my $note, 4096);
			push @{ $self->{notes} }, $note;
			next;
		}
		my $got = sysread $self->{reader}, $self->{log}, 65536,
			length $self->{log};
		return 0 if defined $got && $got == 0;
	}
	return 1;
}

sub wait_for
{
	my ($self, $what, $look) = @_;
	my $deadline = deadline();

	while (1) {
		my $found = $look->();
		return $found if $found;
		$self->fail_with("jwksd has not $what") unless left($deadline);
		next if $self->pump(left($deadline));
		$found = $look->();
		return $found if $found;
		$self->fail_with("jwksd ended and has not $what");
	}
}

# Wait for a line of the log behind those that were waited for before.  When it
# tells of a change, all workers know of it afterwards.  Returns the line; $1
# and so on are lost.
sub wait_log
{
	my ($self, $pattern) = @_;
	my $found = $self->wait_for("logged $pattern", sub {
		while (substr($self->{log}, $self->{seen}) =~ /\A(.*)\n/) {
			my $line = $1;
			$self->{seen} += length($line) + 1;
			return $line if $line =~ $pattern;
		}
		return undef;
	});

	$self->settle if $found =~ /mod=publish |configuration reloaded/;
	return $found;
}

# Wait until every worker serves the newest catalog: each takes it when it
# wakes up, a moment after the change is logged.
sub settle
{
	my ($self) = @_;
	my $deadline = deadline();

	return unless $self->{admin};
	while (left($deadline)) {
		my $metrics = $self->admin_page('/metrics')->{content};
		my ($newest) = $metrics =~ /^jwksd_catalog_generation (\d+)$/m;
		my @behind = grep { $_ != $newest } $metrics
			=~ /^jwksd_worker_catalog_generation\{[^}]*\} (\d+)$/mg;

		return unless @behind;
	}
	$self->fail_with('a worker does not take the newest catalog');
}

# What was logged until now is not waited for.
sub skip_log
{
	my ($self) = @_;

	$self->{seen} = length $self->log_text;
}

# All of the log so far.  To be called now and then: a daemon whose log or
# notify socket nobody reads has to wait.
sub log_text
{
	my ($self) = @_;
	my $ready = IO::Select->new($self->{reader}, $self->{notify});

	1 while $ready->can_read(0) && $self->pump(0);
	return $self->{log};
}

sub wait_notify
{
	my ($self, $pattern) = @_;

	return $self->wait_for("notified $pattern", sub {
		while (@{ $self->{notes} }) {
			my $note = shift @{ $self->{notes} };
			return $note if $note =~ $pattern;
		}
		return undef;
	});
}

sub learn_addresses
{
	my ($self) = @_;
	my $log = $self->log_text;

	$self->{listens} = [$log =~ /msg"?[=:]"listening on (\S+?)"/g];
	($self->{admin}) = $log =~ /msg"?[=:]"admin on (\S+?)"/;
}

sub address
{
	my ($self, $nth) = @_;

	return $self->{listens}[$nth || 0]
		|| $self->fail_with('jwksd says no address that it listens on');
}

sub admin
{
	my ($self) = @_;

	return $self->{admin}
		|| $self->fail_with('jwksd says no address of its admin pages');
}

# Any request on a connection of its own: see JWKSD::HTTP.
sub ask
{
	my ($self, $path, %how) = @_;

	return http($how{address} || $self->address, $path,
		meanwhile => sub { $self->log_text }, %how);
}

# A document of an issuer, by its URL.
sub document
{
	my ($self, $issuer, $suffix, %how) = @_;
	my ($host, $path) = $issuer =~ m{^https?://([^/]+)(.*)$};

	return $self->ask($path . $suffix, host => $host, %how);
}

sub jwks
{
	my ($self, $issuer, %how) = @_;

	return $self->document($issuer, '/openid/v1/jwks', %how);
}

# The kids that are served for an issuer, in order; undef when it is not 200.
sub kids
{
	my ($self, $issuer) = @_;
	my $answer = $self->jwks($issuer);

	return undef unless $answer->{status} == 200;
	return [map { $_->{kid} } @{ json($answer->{content})->{keys} }];
}

sub admin_page
{
	my ($self, $path, %how) = @_;

	return $self->ask($path, address => $self->admin, host => 'localhost', %how);
}

# Wait until these kids are served for an issuer, or undef for none: workers
# take a new catalog a moment after it is logged.  What is served in the end.
sub wait_kids
{
	my ($self, $issuer, $expected) = @_;
	my $deadline = deadline();
	my $wanted = kids_text($expected);
	my $kids;

	do {
		$kids = $self->kids($issuer);
	} until kids_text($kids) eq $wanted || !left($deadline);
	return $kids;
}

sub kids_text
{
	my ($kids) = @_;

	return $kids ? join(' ', @$kids) : '-';
}

# The value of a metric's sample, by its name and labels as they are written.
sub metric
{
	my ($self, $sample) = @_;
	my $text = $self->admin_page('/metrics')->{content};

	return $text =~ /^\Q$sample\E (\S+)$/m ? $1 : undef;
}

sub signal
{
	my ($self, $name) = @_;

	kill $name => $self->{pid} or die "kill: $!";
}

# SIGHUP, and the end of what it causes, good or bad.
sub reload
{
	my ($self) = @_;

	$self->{notes} = [];
	$self->signal('HUP');
	$self->wait_notify(qr/^RELOADING=1$/m);
	$self->wait_notify(qr/^READY=1$/m);
	$self->settle;
}

# Wait for the end of the process; its exit status, or "signal N".
sub exit_status
{
	my ($self) = @_;
	my $deadline = deadline();

	return $self->{status} if defined $self->{status};
	while ($self->pump(left($deadline))) {
		$self->fail_with('jwksd does not end') unless left($deadline);
	}
	waitpid $self->{pid}, 0;
	$self->{status} = $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
	@running = grep { $_ != $self } @running;
	return $self->{status};
}

sub stop
{
	my ($self) = @_;

	return $self->{status} if defined $self->{status};
	$self->signal('TERM');
	return $self->exit_status;
}

sub fail_with
{
	my ($self, $message) = @_;

	$self->show_log;
	die "$message\n";
}

sub show_log
{
	my ($self) = @_;

	diag("log of jwksd in $self->{dir}:");
	diag(substr $self->log_text, -8000);
	$self->{shown} = 1;
}

# Nothing outlives the test, also one that is broken off; a failed one shows
# what the daemon said.
$SIG{$_} = sub { exit 1 } for qw(HUP INT PIPE TERM);
END {
	my $status = $?;

	for my $self (@running) {
		$self->show_log
			unless $self->{shown} || Test::More->builder->is_passing;
		kill KILL => $self->{pid};
		waitpid $self->{pid}, 0;
	}
	$? = $status;
}

1;
