# SPDX-License-Identifier: MIT
#
# The accounting client (t/real/steady.c) while it runs beside a test.
package JWKSD::Steady;

use strict;
use warnings;
use IPC::Open2;
use JWKSD::Test;
use Test::More;

our @kinds = qw(fresh busy idle);
our @failures = qw(status refused reset closed truncated timeout content);

# start(address => ..., host => ..., path => ..., bodies => FILE,
#     fresh => N, busy => N, idle => N, think => MS, timeout => MS)
# An address that begins with tls: is spoken to with TLS.
sub start
{
	my ($class, %how) = @_;
	my $self = bless {}, $class;
	my %letter = (fresh => 'f', busy => 'b', idle => 'i', think => 'w',
		timeout => 't');

	my @tls = $how{address} =~ s/^tls:// ? '-s' : ();

	$self->{pid} = open2($self->{out}, $self->{in}, program('t/real/steady'),
		@tls, (map { defined $how{$_} ? ("-$letter{$_}", $how{$_}) : () }
			sort keys %letter),
		@how{qw(address host path bodies)});
	return $self;
}

sub line
{
	my ($self) = @_;
	my $line = readline $self->{out};

	defined $line or die 'steady has ended';
	return $line;
}

# What there is so far: ok, failed, and gap_us, the longest time without an
# answer since this was asked last.
sub sums
{
	my ($self) = @_;

	syswrite $self->{in}, "\n";
	return { split ' ', $self->line };
}

# Ask until there are so many answers more.  Returns the longest time without
# one in microseconds: since the sums were asked last, so also before this.
sub wait_answers
{
	my ($self, $more, $seconds) = @_;
	my $deadline = deadline($seconds);
	my $sums = $self->sums;
	my $wanted = $sums->{ok} + $more;
	my $gap = $sums->{gap_us};

	while ($sums->{ok} < $wanted && left($deadline)) {
		select undef, undef, undef, 0.01;
		$sums = $self->sums;
		$gap = $sums->{gap_us} if $sums->{gap_us} > $gap;
	}
	return $gap;
}

# End it; the account: numbers, and for each row by kind a hash of numbers.
sub finish
{
	my ($self) = @_;
	my %account;

	return $self->{account} if $self->{account};
	close $self->{in};
	while (defined(my $line = readline $self->{out})) {
		my ($name, @values) = split ' ', $line;
		if (@values == 1) {
			$account{$name} = $values[0];
		} elsif ($name ne '#') {
			@{ $account{$name} }{@kinds} = @values;
		}
		push @{ $self->{lines} }, $line;
	}
	waitpid $self->{pid}, 0;
	$? == 0 or die "steady failed: $?";
	return $self->{account} = \%account;
}

# The account as it was printed, for the reader of the test's output.
sub show
{
	my ($self) = @_;

	$self->finish;
	note($_) for @{ $self->{lines} };
}

# The failures of some kinds of clients, by class.
sub failed
{
	my ($self, @of) = @_;
	my $account = $self->finish;
	my $sum = 0;

	$sum += $account->{$_->[0]}{ $_->[1] }
		for map { my $class = $_; map { [$class, $_] } @of } @failures;
	return $sum;
}

sub DESTROY
{
	my ($self) = @_;

	return if $self->{account};
	local $?;
	kill KILL => $self->{pid};
	waitpid $self->{pid}, 0;
}

1;
