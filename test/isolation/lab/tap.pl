# One end of a wire, bare: frames go out and come in exactly as they are, past everything that a kernel would add to them.
# Run inside a network namespace with the name of an interface. Lines on the standard input: a frame in hex, sent as it is;
# `sync N`, answered `synced N` once every frame that had come in by then was told. Output: each frame that came in, in hex.
# Perl is in every Debian system; Node opens no packet sockets.
use strict;
use warnings;

my ($interface) = @ARGV;
my ($AF_PACKET, $SOCK_RAW, $SOL_SOCKET, $SO_RCVBUFFORCE, $SIOCGIFINDEX, $MSG_DONTWAIT) = (17, 3, 1, 33, 0x8933, 0x40);
my ($PACKET_OUTGOING, $EVERY_PROTOCOL) = (4, 3);

socket(my $wire, $AF_PACKET, $SOCK_RAW, unpack('S', pack('n', $EVERY_PROTOCOL))) or die "socket: $!";
setsockopt($wire, $SOL_SOCKET, $SO_RCVBUFFORCE, pack('i', 64 << 20)) or die "receive buffer: $!";
my $request = pack('a16 i x20', $interface, 0);
ioctl($wire, $SIOCGIFINDEX, $request) or die "$interface: $!";
my $index = unpack('x16 i', $request);
bind($wire, pack('S n i S C C a8', $AF_PACKET, $EVERY_PROTOCOL, $index, 0, 0, 0, '')) or die "bind: $!";

$| = 1;
my $said = '';
print "ready\n";
for (;;) {
  my $waiting = '';
  vec($waiting, fileno($wire), 1) = 1;
  vec($waiting, fileno(STDIN), 1) = 1;
  select($waiting, undef, undef, undef);
  hear();
  next unless vec($waiting, fileno(STDIN), 1);
  my $read = sysread(STDIN, $said, 1 << 20, length $said);
  exit 0 unless $read;
  # All whole lines in one go: taking one after the other off the front copies the rest each time.
  for my $line (split /\n/, substr($said, 0, rindex($said, "\n") + 1, '')) {
    if ($line =~ /^sync (\d+)$/) {
      hear();
      print "synced $1\n";
    }
    else {
      # A frame that is refused for its size or for want of room is told, never dropped in silence.
      defined send($wire, pack('H*', $line), 0) or print "refused $!\n";
    }
  }
}

sub hear {
  my $heard = '';
  for (;;) {
    my $from = recv($wire, my $frame, 65536, $MSG_DONTWAIT);
    last unless defined $from;
    next if (unpack('S n i S C C a8', $from))[4] == $PACKET_OUTGOING;
    $heard .= unpack('H*', $frame) . "\n";
  }
  print $heard if length $heard;
}
