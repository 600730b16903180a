# SPDX-License-Identifier: MIT
#
# A certificate authority of a test's own, and what it signs.
package JWKSD::Pki;

use strict;
use warnings;
use JWKSD::Test;

sub openssl
{
	my $done = run('openssl', @_);

	die "openssl @_: $done->{err}" if $done->{status} != 0;
	return $done->{out};
}

sub request
{
	my ($path, $subject, @extensions) = @_;

	return openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt',
		'ec_paramgen_curve:P-256', '-nodes', '-config', '/dev/null', '-days',
		2, '-subj', $subject, '-keyout', "$path.key", '-out', "$path.crt",
		map { ref $_ ? @$_ : ('-addext', $_) } @extensions);
}

# The authority: DIR/ca.crt and DIR/ca.key.
sub new
{
	my ($class, $dir) = @_;
	my $self = bless { dir => "$dir" }, $class;

	request("$dir/ca", '/CN=test CA', 'basicConstraints=critical,CA:TRUE',
		'keyUsage=critical,keyCertSign', 'subjectKeyIdentifier=hash');
	return $self;
}

sub ca
{
	my ($self) = @_;

	return "$self->{dir}/ca.crt";
}

sub issue
{
	my ($self, $name, $subject, @extensions) = @_;
	my $path = "$self->{dir}/$name";

	request($path, $subject, ['-CA', $self->ca, '-CAkey',
		"$self->{dir}/ca.key"], 'basicConstraints=critical,CA:FALSE',
		'authorityKeyIdentifier=keyid', @extensions);
	return $path;
}

# DIR/NAME.crt and .key for a server of these names and addresses; the path
# without what follows the dot.
sub server
{
	my ($self, $name, @hosts) = @_;
	my $names = join ',',
		map { /^[\d.]+$/ ? "IP:$_" : "DNS:$_" } @hosts;

	return $self->issue($name, "/CN=$hosts[0]", "subjectAltName=$names",
		'extendedKeyUsage=serverAuth');
}

# The same for a client, whom Kubernetes knows by name and group.
sub client
{
	my ($self, $name, $group) = @_;

	return $self->issue($name, "/O=$group/CN=$name",
		'extendedKeyUsage=clientAuth');
}

1;
