#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# contrib/prometheus and contrib/grafana ask for metrics and labels that are
# there, in expressions that Prometheus takes, and every alert fires when it
# should: t/20-docs/alerts.yml.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Metrics;
use JWKSD::Test;
use Test::More;

my $rules_file = source_dir() . '/contrib/prometheus/jwksd.rules.yml';
my $cases_file = source_dir() . '/t/20-docs/alerts.yml';
my $rules = read_file($rules_file);
my $dashboard = json(read_file(source_dir() . '/contrib/grafana/jwksd.json'));
my %real = families(exposed());

# Each metric of some text is one of jwksd's, and is asked for labels it has.
sub metrics_are_real
{
	my ($what, $text) = @_;
	my @wrong;

	while ($text =~ /\b(jwksd_\w+)(?:\{([^}]*)\})?/g) {
		my ($name, $labels) = ($1, $2 // '');

		if (!$real{$name}) {
			push @wrong, $name;
			next;
		}
		my %has = map { $_ => 1 } qw(job instance),
			@{ $real{$name}{labels} // [] };
		push @wrong, map { "$name\{$_\}" }
			grep { !$has{$_} } $labels =~ /(\w+)\s*(?==|!)/g;
	}
	is("@wrong", '', "$what: metrics and labels are real");
}

# Alerts.
my @alerts = $rules =~ /^\s+- alert: (\w+)$/mg;
cmp_ok(scalar @alerts, '>', 10, 'there are alerts');
metrics_are_real('alerts', join "\n", $rules =~ /^( +expr:.*?)^ +for:/msg);
my %tested = map { $_ => 1 } read_file($cases_file) =~ /alertname="(\w+)"/g;
is(join(' ', grep { !$tested{$_} } @alerts), '', 'each one is made to fire');
for my $needs ([severity => qr/labels: \{severity: (?:critical|warning|info)\}/],
	[summary => qr/summary: \S/], [description => qr/description: >-/]) {
	my ($what, $pattern) = @$needs;
	is(scalar(() = $rules =~ /$pattern/g), scalar @alerts,
		"each has a $what");
}

# Dashboard.
my @panels = @{ $dashboard->{panels} };
my (%ids, %cells);
for my $panel (@panels) {
	my $at = $panel->{gridPos};

	$ids{ $panel->{id} }++;
	for my $x ($at->{x} .. $at->{x} + $at->{w} - 1) {
		$cells{"$x,$_"}++ for $at->{y} .. $at->{y} + $at->{h} - 1;
	}
}
is(join(' ', grep { $ids{$_} > 1 } keys %ids), '', 'panels: ids of their own');
is(join(' ', grep { $cells{$_} > 1 } keys %cells), '', 'panels: no overlap');
is(scalar(grep { /^(?:2[4-9]|[3-9]\d),/ } keys %cells), 0,
	'panels: within the width');
my @expressions = ((map { $_->{expr} } map { @{ $_->{targets} // [] } } @panels),
	map { $_->{expr} } @{ $dashboard->{annotations}{list} });
cmp_ok(scalar @expressions, '>', 20, 'the dashboard asks for something');
metrics_are_real('dashboard', join "\n", @expressions,
	map { $_->{definition} // '' } @{ $dashboard->{templating}{list} });

# What Grafana puts in for its variables.
my %variable = (__rate_interval => '5m', __interval => '1m',
	map { $_ => '.*' } qw(job instance issuer));
my @filled = map { s/\$(\w+)/$variable{$1} \/\/ die "$_: no variable $1"/ger }
	@expressions;

SKIP: {
	has_program('promtool') or skip 'promtool is not installed', 3;
	my $check = run('promtool', 'check', 'rules', $rules_file);
	is($check->{status}, 0, 'Prometheus takes the rules')
		or diag "$check->{out}$check->{err}";
	my $test = run('promtool', 'test', 'rules', $cases_file);
	is($test->{status}, 0, 'each alert fires when it should, and not before')
		or diag "$test->{out}$test->{err}";

	my $n = 0;
	my $dir = scratch();
	write_file("$dir/rules.yml", "groups:\n  - name: dashboard\n    rules:\n"
		. join '', map { "      - {record: 'r:" . ++$n . "', expr: '"
			. s/'/''/gr . "'}\n" } @filled);
	$check = run('promtool', 'check', 'rules', "$dir/rules.yml");
	is($check->{status}, 0, 'Prometheus takes the dashboard\'s expressions')
		or diag "$check->{out}$check->{err}";
}

done_testing;
