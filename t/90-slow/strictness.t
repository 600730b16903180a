#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The case table t/http/cases.h against jwksd and against the servers that
# others use: how many of its cases each passes.  What is printed is the result.
# It is judged in the others' favour: any refusal will do where the RFC wants
# 400, and a server that may refuse or repair may do either.
#
#     JWKSD_VERBOSE=1     also name the MUST cases that each one fails
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Daemon;
use JWKSD::HTTP qw(request_text);
use JWKSD::Keys;
use JWKSD::Peers qw(peer_names start_peer);
use JWKSD::Probe qw(probe);
use JWKSD::Test;
use Test::More;

use constant {
	QUIET    => 1.5,        # seconds without an answer: none will come
	MODIFIED => 1700000000, # HTTP_CASES_MODIFIED
	PATH     => '/openid/v1/jwks',
};

my %refusals = map { $_ => 1 } qw(400 411 413 414 417 431 501 505);
my $dir = scratch();
my $key = ec_key();
my (%cases, @order);

sub read_cases
{
	for my $line (split /\n/, run(program('t/http/case_list'))->{out}) {
		my ($name, $status, $fate, $hex, $clause) = split /\t/, $line, 5;
		my $bytes = pack 'H*', $hex;
		my ($section, $must) = $clause =~ /^(.*?)(?: MUST (.*))?$/;

		# their document, where it is with everybody
		$bytes =~ s{/doc}{${\PATH}}g;
		$cases{$name} = { name => $name, status => $status, fate => $fate,
			bytes => $bytes, section => $section, must => $must };
		push @order, $name;
	}
}

# --- what is demanded, and what came ----------------------------------------

sub refused
{
	my ($got) = @_;

	return defined $got->{status} ? $refusals{ $got->{status} } || 0
		: $got->{ended};
}

my %demands = (
	take   => sub { defined $_[0]{status} && !refused($_[0]) },
	refuse => sub { refused($_[0]) },
	close  => sub { !$_[0]{kept} },
	and    => sub { 1 },
);

sub meets_must
{
	my ($case, $got) = @_;

	return !grep {
		/^\d+$/ ? ($got->{status} || 0) != $_ : !$demands{$_}->($got)
	} split / /, $case->{must};
}

# As the row says: taken, refused or waited for, and what becomes of the
# connection.  A method is refused with what the server likes.
sub meets_row
{
	my ($case, $got) = @_;
	my $status = $case->{status};

	return !defined $got->{status} && !$got->{ended} if $status == 0;
	return 0 if ($case->{fate} eq 'keep') != $got->{kept};
	return ($got->{status} || 0) >= 400 if $case->{name} =~ /^method-/;
	return refused($got) if $refusals{$status};
	return defined $got->{status} && !refused($got);
}

# The score over those cases that are not a choice of ours.
sub score
{
	my ($address, $files) = @_;
	my $next = request_text(PATH, host => 'a');
	my $got = probe($address, QUIET, $next,
		map { [$_, $cases{$_}{bytes}] } @order);
	my %score = map { $_ => 0 } qw(must must_of all all_of);
	my @failed;

	for my $case (map { $cases{$_} } @order) {
		my $must = $case->{must};
		next if $case->{section} eq '';
		# nothing to compare a condition with
		next if !$files && $case->{bytes} =~ /\r\nIf-/;
		my $met = defined $must ? meets_must($case, $got->{ $case->{name} })
			: meets_row($case, $got->{ $case->{name} });
		$score{all_of}++;
		$score{all} += !!$met;
		next unless defined $must;
		$score{must_of}++;
		$score{must} += !!$met;
		push @failed, $case->{name} unless $met;
	}
	return { %score, failed => \@failed, got => $got };
}

# --- everybody --------------------------------------------------------------

my @table;

sub add_row
{
	my ($name, $score) = @_;

	push @table, sprintf '%-10s %3d of %3d  %5.1f %%   %3d of %3d  %5.1f %%',
		$name, map { ($_->[0], $_->[1], 100 * $_->[0] / $_->[1]) }
		[@$score{qw(must must_of)}], [@$score{qw(all all_of)}];
	diag "$name fails: @{ $score->{failed} }" if $ENV{JWKSD_VERBOSE};
}

sub serves
{
	my ($name, $score) = @_;

	is($score->{got}{get}{status}, 200, "$name serves the document");
}

read_cases();
cmp_ok(scalar @order, '>', 700, 'the table is read');
write_file("$dir/sa.pub", public_pem($key));
utime MODIFIED, MODIFIED, "$dir/sa.pub";

my $jwksd = JWKSD::Daemon->start(dir => $dir, config => JWKSD::Daemon::config_text(
	qq(issuer "https://a" { keys = { "sa.pub" } }\n)));
my $ours = score($jwksd->address, 1);

serves('jwksd', $ours);
add_row('jwksd', $ours);
is("@{ $ours->{failed} }", '', 'jwksd keeps every MUST');
is($ours->{all}, $ours->{all_of}, 'jwksd passes every case');
is($jwksd->stop, 0, 'ends well');

for my $name (peer_names()) {
	SKIP: {
		my $peer = start_peer($name, $dir, content => jwks_of($key),
			modified => MODIFIED) or skip "$name is not installed", 1;
		my $score = score($peer->{address}, $peer->{files});
		serves($name, $score);
		add_row($name, $score);
		$peer->stop;
	}
}
diag "\n                   MUST              all cases";
diag $_ for @table;
done_testing;
