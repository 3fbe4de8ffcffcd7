/// Words that people put first when a password is asked for, longest first so that a word within
/// another does not leave its rest behind.
enum CommonPasswords {
  static let words: [String] = raw.split(whereSeparator: \.isWhitespace).map(String.init)
    .sorted { $0.count == $1.count ? $0 < $1 : $0.count > $1.count }

  /// Rows of a keyboard, for runs such as `qwertyuiop` and `1qaz2wsx`.
  static let keyRows: [[Unicode.Scalar]] = [
    "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop",
    "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm",
  ].map { Array($0.unicodeScalars) }

  private static let raw = """
    password passwort passw0rd p@ssword p@ssw0rd passwd passcode passphrase motdepasse contrasena
    senha parola wachtwoord lozinka haslo secret secrets geheim letmein letmeinnow opensesame
    welcome willkommen bienvenue welcome1 hello hello123 hallo bonjour
    admin administrator adminadmin root toor superuser sysadmin guest user test tester testing
    demo example sample temp temporary default changeme changeit changethis newpassword
    login signin logmein access accessgranted master masterkey
    qwerty qwertz azerty qwertyuiop asdfghjkl zxcvbnm asdf zxcv qazwsx qazwsxedc 1qaz2wsx wsxedc
    abc abc123 abcd abcdef abcdefg abcdefgh alphabet
    iloveyou loveyou lovely lover love forever princess prince sunshine shadow angel babygirl
    baby sweetheart honey darling superman batman spiderman ironman starwars pokemon pikachu
    dragon monkey tiger lion eagle falcon panther wolf buster charlie bailey cookie ginger pepper
    maggie daisy snoopy mickey minnie donald garfield simba
    football soccer baseball basketball hockey tennis golf cricket liverpool chelsea arsenal
    barcelona realmadrid juventus yankees cowboys steelers lakers
    michael michelle jennifer jessica ashley amanda daniel thomas andrew joshua matthew anthony
    robert william jordan hunter nicole hannah samantha elizabeth george harley ranger
    summer winter spring autumn january february march april june july august september october
    november december monday tuesday wednesday thursday friday saturday sunday
    london paris berlin newyork chicago dallas texas america england germany france
    computer internet google facebook instagram twitter linkedin youtube microsoft windows apple
    android samsung server network system database oracle cisco linux ubuntu debian
    trustno1 whatever freedom liberty killer warrior ninja pirate jedi matrix mustang corvette
    ferrari porsche mercedes harleydavidson yamaha
    flower butterfly rainbow diamond silver golden purple orange banana cheese chocolate coffee
    pepsi cocacola whisky
    blink182 metallica nirvana slipknot eminem jesus christ jesuschrist blessed heaven
    money dollar bitcoin crypto trader trading trade stocks stock market invest investor broker
    bank banking millionaire rich wallstreet bullmarket portfolio
    hunter2 correcthorsebatterystaple zaq12wsx zaq1 11111 00000 12345 123456 1234567 12345678
    123456789 1234567890 654321 54321 987654321 112233 121212 131313 123123 123321 666666 696969
    777777 888888 999999 555555
    """
}
