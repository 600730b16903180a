# SPDX-License-Identifier: MIT
#
# What a power loss could leave.  A run is recorded; then, for every moment of
# it, each set of operations that no fsync has made durable yet is left out,
# and a write that is not durable is also cut in half.  Data is durable after
# an fsync of its file, a name after an fsync of its directory, and nothing
# sooner: more is allowed to be lost than on any one file system.
package JWKSD::Power;

use strict;
use warnings;
use Exporter qw(import);
use File::Basename qw(basename dirname);
use File::Find ();
use File::Path qw(remove_tree);
use JWKSD::Sweep;
use JWKSD::Test;

our @EXPORT = qw(power_sweep);

# More free operations than this at a time are a finding in themselves.
use constant FREE_MAX => 14;

sub unescape
{
	my ($text) = @_;

	$text =~ s/\\x([0-9a-f]{2})/chr hex $1/ge;
	return $text;
}

# The operations of an undisturbed run, in order: { what, ... }.
sub operations
{
	my ($scenario, $program) = @_;
	my $top = fresh($scenario);
	my $log = "$scenario->{dir}/rec";
	my (@ops, %fd, %inode, %there);
	my $next = 0;

	$there{$_} = "base $_" for map { substr $_, 1 + length "$scenario->{dir}/base" }
		files("$scenario->{dir}/base");
	JWKSD::Sweep::disturbed($scenario, $top, $program, 'strace', '-f', '-qq',
		'-s', '100000', '-xx', '-o', $log, '-e',
		'trace=openat,write,fsync,close,renameat,unlinkat,ftruncate,mkdirat'
		. ',fchmod');
	for my $line (split /\n/, read_file($log)) {
		my ($call, $arguments, $result) =
			$line =~ /^\d+\s+(\w+)\((.*)\)\s+= (-?\d+)/ or next;
		next if $result < 0;
		my @text = map { unescape($_) }
			$arguments =~ /"((?:\\x[0-9a-f]{2})*)"/g;
		my ($first) = $arguments =~ /^(\w+)/;
		# a path below the top, from a descriptor and a name
		my $path = sub {
			my ($at, $name) = @_;
			return $name if $at eq 'AT_FDCWD';
			my $base = $fd{$at} or return '';
			return dirname($base) if $name eq '..';
			return $name eq '.' ? $base : "$base/$name";
		};

		if ($call eq 'openat') {
			my $name = $path->($first, $text[0]);

			$fd{$result} = $name;
			delete $inode{$result};
			next if $arguments !~ /O_WRONLY|O_RDWR/;
			unless (defined $there{$name}) {
				$there{$name} = 'new ' . $next++;
				push @ops, { what => 'create', path => $name,
					inode => $there{$name},
					mode => $arguments =~ /, 0(\d+)$/ ? oct $1 : 0600 };
			}
			$inode{$result} = $there{$name};
		} elsif ($call eq 'close') {
			delete $fd{$first};
			delete $inode{$first};
		} elsif ($call eq 'write') {
			push @ops, { what => 'write', inode => $inode{$first},
				bytes => $text[0] } if $inode{$first};
			push @ops, { what => 'said' } if $first eq '1';
		} elsif ($call eq 'fchmod') {
			my ($mode) = $arguments =~ /, 0(\d+)/;
			push @ops, { what => 'chmod', inode => $inode{$first},
				path => $fd{$first}, mode => oct $mode };
		} elsif ($call eq 'ftruncate') {
			my ($length) = $arguments =~ /, (\d+)/;
			push @ops, { what => 'cut', inode => $inode{$first},
				length => $length };
		} elsif ($call eq 'fsync') {
			push @ops, $inode{$first}
				? { what => 'sync', inode => $inode{$first} }
				: { what => 'sync names', path => $fd{$first} };
		} elsif ($call eq 'mkdirat') {
			push @ops, { what => 'mkdir',
				path => $path->($first, $text[0]) };
		} elsif ($call eq 'unlinkat') {
			my $name = $path->($first, $text[0]);
			delete $there{$name};
			push @ops, { what => 'unlink', path => $name };
		} elsif ($call eq 'renameat') {
			my ($to_at) = $arguments =~ /, (\d+), "[^"]*"$/;
			my ($from, $to) = ($path->($first, $text[0]),
				$path->($to_at, $text[1]));
			$there{$to} = delete $there{$from};
			push @ops, { what => 'rename', path => $to, from => $from,
				inode => $there{$to} };
		}
	}
	return @ops;
}

sub files
{
	my ($top) = @_;
	my @found;

	File::Find::find({ no_chdir => 1,
		wanted => sub { push @found, $_ if -f $_ } }, $top);
	return @found;
}

my %changes = map { $_ => 1 } qw(create write cut rename unlink mkdir);

# Is operation $j durable once the first $end ones have happened?
sub durable
{
	my ($ops, $j, $end) = @_;
	my $op = $ops->[$j];

	for my $later (@$ops[$j + 1 .. $end - 1]) {
		if ($op->{what} =~ /^(write|cut)$/) {
			return 1 if $later->{what} eq 'sync'
				&& $later->{inode} eq $op->{inode};
		} else {
			my $parent = dirname($op->{path});
			return 1 if $later->{what} eq 'sync names'
				&& $later->{path} eq $parent;
		}
	}
	return 0;
}

# The tree after these operations: path => [mode, bytes], or a directory.
sub apply
{
	my ($base, $ops, $done, $end, $cut) = @_;
	my %names = map { $_ => "base $_" } keys %{ $base->{files} };
	my %dirs = %{ $base->{dirs} };
	my %data = map { ("base $_" => $base->{files}{$_}[1]) }
		keys %{ $base->{files} };
	my %modes = map { ("base $_" => $base->{files}{$_}[0]) }
		keys %{ $base->{files} };

	for my $j (0 .. $end - 1) {
		my $op = $ops->[$j];
		my $what = $op->{what};

		if ($what eq 'chmod') {
			if ($op->{inode}) { $modes{ $op->{inode} } = $op->{mode} }
			elsif (exists $dirs{ $op->{path} }) {
				$dirs{ $op->{path} } = $op->{mode};
			}
		}
		next unless $done->{$j};
		if ($what eq 'mkdir') {
			$dirs{ $op->{path} } = 0700 if $dirs{ dirname($op->{path}) };
		} elsif ($what eq 'create') {
			$modes{ $op->{inode} } = $op->{mode}
				unless exists $modes{ $op->{inode} };
			$names{ $op->{path} } = $op->{inode};
		} elsif ($what eq 'write') {
			my $bytes = $op->{bytes};
			$bytes = substr $bytes, 0, length($bytes) / 2
				if defined $cut && $cut == $j;
			$data{ $op->{inode} } .= $bytes;
		} elsif ($what eq 'cut') {
			$data{ $op->{inode} } = substr $data{ $op->{inode} }, 0,
				$op->{length};
		} elsif ($what eq 'rename') {
			# the new name may be on disk without the old one
			delete $names{ $op->{from} };
			$names{ $op->{path} } = $op->{inode};
		} elsif ($what eq 'unlink') {
			delete $names{ $op->{path} };
		}
	}
	my %tree = map { ($_ => $dirs{$_}) } keys %dirs;
	for my $path (keys %names) {
		next unless defined $dirs{ dirname($path) };
		$tree{$path} = [ defined $modes{ $names{$path} }
			? $modes{ $names{$path} } : 0600,
			defined $data{ $names{$path} } ? $data{ $names{$path} } : '' ];
	}
	return \%tree;
}

sub materialise
{
	my ($top, $tree) = @_;

	remove_tree($top);
	for my $path (sort { length $a <=> length $b } keys %$tree) {
		my $where = $path eq '.' ? $top : "$top/$path";

		if (ref $tree->{$path}) {
			write_file($where, $tree->{$path}[1], $tree->{$path}[0]);
		} else {
			mkdir $where or die "$where: $!";
			chmod $tree->{$path}, $where;
		}
	}
}

sub read_base
{
	my ($scenario) = @_;
	my $top = "$scenario->{dir}/base";
	my %base = (files => {}, dirs => {});

	File::Find::find({ no_chdir => 1, wanted => sub {
		my $mode = (lstat $_)[2] & 07777;
		my $path = length $_ == length $top ? '.'
			: substr $_, 1 + length $top;

		if (-d _) { $base{dirs}{$path} = $mode }
		else { $base{files}{$path} = [ $mode, read_file($_) ] }
	} }, $top);
	return \%base;
}

sub tree_key
{
	my ($tree) = @_;

	return join "\0", map {
		($_, ref $tree->{$_} ? @{ $tree->{$_} } : $tree->{$_})
	} sort keys %$tree;
}

# All sets of the free operations, as lists.
sub subsets
{
	my (@free) = @_;

	return map {
		my $bits = $_;
		[ grep { defined } map { $bits >> $_ & 1 ? $free[$_] : undef }
			0 .. $#free ];
	} 0 .. (1 << @free) - 1;
}

# Returns the number of different states and what is wrong with them.
sub power_sweep
{
	my ($scenario, $program) = @_;
	my @ops = operations($scenario, $program);
	my $base = read_base($scenario);
	my (%seen, @wrong);
	my $said = 0;

	for my $end (0 .. @ops) {
		$said = 1 if $end && $ops[$end - 1]{what} eq 'said';
		my @made = grep { $changes{ $ops[$_]{what} } } 0 .. $end - 1;
		my @free = grep { !durable(\@ops, $_, $end) } @made;
		my %free = map { $_ => 1 } @free;
		my @durable = grep { !$free{$_} } @made;

		return (scalar keys %seen, "$end: " . @free . ' operations at once '
			. 'that no fsync made durable') if @free > FREE_MAX;
		for my $set (subsets(@free)) {
			my %done = map { $_ => 1 } @durable, @$set;
			my @cuts = grep { $ops[$_]{what} eq 'write' } @$set;

			for my $cut (undef, @cuts) {
				my $tree = apply($base, \@ops, \%done, $end, $cut);
				next if $seen{ "$said " . tree_key($tree) }++;
				push @wrong, try($scenario, $program, $tree, $said,
					"power loss after $end of " . @ops);
			}
		}
	}
	return (scalar keys %seen, @wrong);
}

sub try
{
	my ($scenario, $program, $tree, $said, $where) = @_;
	my $top = "$scenario->{dir}/w";

	materialise($top, $tree);
	my @faults = broken($scenario, $top);
	push @faults, 'what was said to be done is lost'
		if $said && !acknowledged($scenario, $top);
	push @faults, recover($scenario, $top, $program);
	return map { "$where: $_" } @faults;
}

1;
