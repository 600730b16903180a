#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
#
# The tools that people apply our output with take it as it is: the aws CLI and
# boto3 (against moto, which stands in for IAM and STS), cfn-lint, a parser of
# HCL, terraform, and the TypeScript compiler with the CDK's types.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use JWKSD::Aws;
use JWKSD::Clients;
use JWKSD::Keys;
use JWKSD::Test;
use POSIX ();
use Test::More;

use constant SECONDS => 300;

my $dir = scratch();
my $source = source_dir() . '/t/real/aws';
my @role = ('trust-policy', '--issuer', ISSUER, '--account', ACCOUNT,
	'--service-account', 'shop/web', '--service-account', 'shop/db');
my @provider = ('provider', '--issuer', ISSUER, '--thumbprint', 'A' x 40);

sub aws_file
{
	my ($name, @args) = @_;
	my $got = run(program('jwksctl'), 'aws', @args);

	is($got->{status}, 0, "jwksctl aws $args[0]: $name") or diag $got->{err};
	return write_file("$dir/$name", $got->{out});
}

sub passes
{
	my ($what, @command) = @_;
	my $got = run({ seconds => SECONDS }, @command);

	is($got->{status}, 0, $what) or diag "$got->{out}$got->{err}";
	return $got->{out};
}

sub python
{
	my $python = has_program('python3') or die "python3 is not installed\n";
	my $venv = JWKSD::Clients::installed('aws', "$source/requirements.txt", sub {
		my ($into) = @_;

		JWKSD::Clients::fetch({}, $into, $python, '-m', 'venv', '.');
		JWKSD::Clients::fetch({}, $into, 'bin/python', '-m', 'pip', 'install',
			'-q', '--disable-pip-version-check', '-r',
			"$source/requirements.txt");
	});

	return "$venv/bin/python";
}

# moto on a port of its own; ends when the handle is closed.
sub start_moto
{
	my ($python) = @_;

	pipe my $in_read, my $in or die "pipe: $!";
	pipe my $out, my $out_write or die "pipe: $!";
	defined(my $pid = fork) or die "fork: $!";
	if ($pid == 0) {
		POSIX::dup2(fileno $in_read, 0);
		POSIX::dup2(fileno $out_write, 1);
		open STDERR, '>', "$dir/moto.log";
		close $in;
		{ exec $python, "$source/server.py" }
		POSIX::_exit(127);
	}
	close $in_read;
	close $out_write;
	my $port = <$out>;
	defined $port or die 'moto did not start: ' . read_file("$dir/moto.log");
	chomp $port;
	return ("http://127.0.0.1:$port", $in);
}

my $python = eval { python() };

SKIP: {
	skip "python tools: $@", 1 unless $python;
	my ($endpoint, $held) = start_moto($python);
	my $provider = aws_file('provider.json', @provider);
	my $role = aws_file('role.json', @role, '--role', 'web');
	my $policy = aws_file('policy.json', @role);
	my $held_by_iam = json(passes('boto3 takes provider, role and policy',
		$python, "$source/check.py", $endpoint, $provider, $role, $policy));

	like($held_by_iam->{arn}, qr{:oidc-provider/oidc\.example\.com/prod$},
		'the provider is there');
	is_deeply($held_by_iam->{listed}, [$held_by_iam->{arn}], 'and listed');
	is_deeply($held_by_iam->{audiences}, ['sts.amazonaws.com'], 'its audience');
	is_deeply($held_by_iam->{trust}, json(read_file($policy)),
		'the role has our trust policy');

	# the real CLI, with what it prints going back into our commands
	local %ENV = (%ENV, AWS_ENDPOINT_URL => $endpoint,
		AWS_DEFAULT_REGION => 'us-east-1', AWS_ACCESS_KEY_ID => 'test',
		AWS_SECRET_ACCESS_KEY => 'test',
		AWS_CONFIG_FILE => "$dir/config", AWS_EC2_METADATA_DISABLED => 'true');
	my @aws = ($python, '-m', 'awscli');
	my $other = aws_file('other.json', 'provider', '--issuer',
		'https://oidc.example.com/dev');

	my $made = json(passes('aws iam create-open-id-connect-provider', @aws, 'iam',
		'create-open-id-connect-provider', '--cli-input-json',
		"file://$other"));
	ok($made->{OpenIDConnectProviderArn}, 'makes a provider');
	my $got = write_file("$dir/get.json", passes('aws iam get-open-id-...', @aws,
		'iam', 'get-open-id-connect-provider', '--open-id-connect-provider-arn',
		$held_by_iam->{arn}));
	my $listed = write_file("$dir/roles.json",
		passes('aws iam list-roles', @aws, 'iam', 'list-roles'));
	is(run(program('jwksctl'), 'aws', 'audit', $listed, '--issuer',
		ISSUER)->{status}, 0, 'aws audit reads what list-roles prints');

	my $key = rsa_key();
	my $token = write_file("$dir/token", token($key, claims()));
	is(run(program('jwksctl'), 'aws', 'simulate', '--token', $token, '--keys',
		write_file("$dir/jwks", jwks_of($key)), '--provider', $got,
		'--role-policy', $policy)->{status}, 0,
		'aws simulate reads what get-open-id-connect-provider prints');

	# a pod's profile
	delete @ENV{qw(AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY)};
	write_file("$dir/config", "[default]\nregion = us-east-1\n"
		. "role_arn = arn:aws:iam::123456789012:role/web\n"
		. "web_identity_token_file = $token\nrole_session_name = test\n");
	like(passes('aws sts get-caller-identity with a web identity', @aws, 'sts',
		'get-caller-identity'), qr{assumed-role/web/test}, 'is the role');
	close $held;

	passes('cfn-lint takes the templates', $python, '-c',
		'import sys; from cfnlint.runner import main; sys.exit(main())', '--',
		aws_file('provider.template', @provider, '--for', 'cloudformation'),
		aws_file('role.template', @role, '--role', 'web', '--for',
			'cloudformation'));
	my @parsed = split /\n/, passes('python-hcl2 parses the terraform', $python,
		"$source/hcl.py", aws_file('provider.tf', @provider, '--for',
			'terraform'),
		aws_file('role.tf', @role, '--role', 'web', '--for', 'terraform'));
	like($parsed[0], qr/aws_iam_openid_connect_provider/, 'the provider');
	like($parsed[1], qr/aws_iam_role/, 'the role');
}

# terraform's own parser needs no provider plugin for this
SKIP: {
	skip 'terraform is not installed', 1 unless has_program('terraform');
	mkdir "$dir/tf";
	aws_file('tf/provider.tf', @provider, '--for', 'terraform');
	aws_file('tf/role.tf', @role, '--role', 'web', '--for', 'terraform');
	passes('terraform fmt parses it', 'terraform', 'fmt', '-write=false',
		"$dir/tf");
}

sub tsc
{
	my $npm = has_program('npm') or die "npm is not installed\n";
	my $modules = JWKSD::Clients::installed('cdk', "$source/package.json", sub {
		my ($into) = @_;

		write_file("$into/package.json", read_file("$source/package.json"));
		JWKSD::Clients::fetch({}, $into, $npm, 'install', '--no-audit',
			'--no-fund', '--ignore-scripts');
	});

	has_program('node') or die "node is not installed\n";
	return $modules;
}

my $modules = eval { tsc() };

SKIP: {
	skip "cdk: $@", 1 unless $modules;
	my @options = qw(--noEmit --strict --skipLibCheck --target es2022
		--module commonjs --moduleResolution node);

	aws_file('provider.ts', @provider, '--for', 'cdk');
	aws_file('role.ts', @role, '--role', 'web', '--for', 'cdk');
	symlink "$modules/node_modules", "$dir/node_modules" or die "symlink: $!";
	passes('tsc takes the stacks', 'node',
		"$modules/node_modules/typescript/bin/tsc",
		@options, "$dir/provider.ts", "$dir/role.ts");
}

done_testing;
